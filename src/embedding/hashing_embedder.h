// Texts as vectors, without a model.
#pragma once

#include "embedding/embedder.h"

namespace baton::embedding {

// The hashing trick (Weinberger et al., 2009): each word of a text, and each run of three
// characters of it, is a feature whose hash chooses one of 256 dimensions and a sign. Texts with
// the same or similarly spelt words ("backup", "backups") point the same way. It knows no
// synonyms and no languages: it finds the same words, not the same meaning. For machines without
// an embedding model, and for tests: the same text gives the same vector everywhere, for ever.
//
// Threads: safe; never suspends.
class HashingEmbedder final : public Embedder {
 public:
  std::string_view name() const override { return "hashing-256-v1"; }
  std::size_t dimensions() const override { return 256; }
  async::Task<Result<std::vector<std::vector<float>>>> Embed(
      std::vector<std::string> texts) override;
};

}  // namespace baton::embedding
