// Pictures: made by a model, kept in the user's library, found again.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "async/blocking_pool.h"
#include "async/task.h"
#include "base/deadline.h"
#include "base/id_generator.h"
#include "base/status.h"
#include "http/address_policy.h"
#include "http/client.h"
#include "workspace/document_store.h"

namespace baton::workspace::images {

struct ImageOptions {
  std::string base_url;          // of an images API such as OpenAI's: https://api.openai.com/v1
  std::string api_key;           // may be empty
  std::string model;             // empty: none is set up, and Generate() says so
  std::filesystem::path folder;  // where the files are kept
  // Where references by URL may be besides public addresses.
  http::AddressPolicy addresses = {};
};

struct ImageRequest {
  std::string user_id;
  std::string prompt;
  std::string size;   // "1024x1024"; empty: that
  int count = 1;      // 1 to 4
  std::string model;  // empty: the one of the options
  std::optional<std::int64_t> seed;
  std::string negative_prompt;  // what must not be seen, for models that know of such
  std::string format = {};      // of the file, "png" "jpeg" "webp", where the API lets one choose

  // A picture to start from: the bytes of its file, else the user's own image that is this
  // document, else a URL. All empty: none.
  std::string reference_bytes = {};
  std::string reference_document = {};
  std::string reference_url = {};
  std::optional<double> reference_strength = {};  // how closely to follow it, 0 to 1
};

// Which images to find. What is empty says nothing.
struct ImageQuery {
  std::string text;  // words; empty: the newest first
  std::string type;  // these three: members of its document's metadata, case does not matter
  std::string author = {};
  std::string series = {};
  std::string date = {};  // the beginning of the day it is from: "2026", "2026-11-22"
  bool random = false;    // any that fit, in any order, instead of the best
  std::size_t limit = 10;
  std::vector<std::string> exclude_document_ids = {};
};

// Of a file to start from: what the API's models take.
inline constexpr std::size_t kMaxReferenceBytes = std::size_t{20} << 20U;

struct ReferenceImage {
  std::string document_id;
  std::string bytes;  // of its file
};

struct MadeImage {
  std::string document_id;  // in the user's library
  std::string filename;     // "img_….png"
  std::string path;         // of the file, absolute
  std::string format;       // "png" "jpeg" "webp"
  int width = 0;            // pixels; 0: not known
  int height = 0;
};

struct MadeImages {
  std::string model;
  std::string prompt;
  std::string size;
  std::vector<MadeImage> images;
};

// What of a file of pixels is known from its first bytes; the format is empty for what is none of
// PNG, JPEG (ISO 10918-1), WebP.
struct ImageHeader {
  std::string format;
  int width = 0;  // 0: not known
  int height = 0;
};
ImageHeader ReadImageHeader(std::string_view bytes);

// [{"document_id", "title", "file", "model"}] as text.
std::string ListAsJson(const std::vector<Document>& images);

// An image is a document of the user's: its text is what it was made from, and the library's search
// finds it by that; its metadata have `category: image` and `file`, where the pixels are.
//
// Lifetime: documents and ids outlive it.
// Threads:  safe; calls resume on the caller's executor.
class ImageService {
 public:
  ImageService(ImageOptions options, DocumentStore& documents, IdGenerator& ids);

  // Suspends until the images are made and kept. kFailedPrecondition where no model is set up or
  // its key is refused; kInvalidArgument for what cannot be, and what the model's service refuses;
  // kResourceExhausted if that has had enough of us; kUnavailable, kDeadlineExceeded.
  async::Task<Result<MadeImages>> Generate(ImageRequest request, Deadline deadline);

  // The user's image whose description fits the name of an object best, such as "our logo".
  // kNotFound if none does, or its file is gone.
  async::Task<Result<ReferenceImage>> FindReference(std::string user_id, std::string object);

  // Those of the user's images that fit, best first; of the best hundred by words.
  async::Task<Result<std::vector<Document>>> Search(std::string user_id, ImageQuery query);

 private:
  // reference_image.cc
  async::Task<Result<std::string>> LoadReference(const ImageRequest& request, Deadline deadline);
  async::Task<Result<std::string>> ReadKept(const Document& image);

  async::Task<Result<std::vector<std::string>>> Ask(const ImageRequest& request,
                                                    std::string reference, Deadline deadline);
  async::Task<Result<std::string>> Fetch(std::string url, Deadline deadline) const;
  async::Task<Result<MadeImage>> Keep(const ImageRequest& request, std::string bytes);

  const ImageOptions options_;
  DocumentStore& documents_;
  IdGenerator& ids_;
  const http::Client client_;
  async::BlockingPool files_{"images", 1};
};

}  // namespace baton::workspace::images
