// What the long-term stores have in common to set.
#pragma once

#include <vector>

#include "embedding/embedder.h"
#include "json/pointer.h"

namespace baton::checkpoint {

struct LongTermOptions {
  // Whose text a query finds where Put() names no places. The whole value: all its texts and
  // numbers.
  std::vector<json::Pointer> index = {json::Pointer()};
  // For searches by meaning; null: there are none. Outlives the store.
  embedding::Embedder* embedder = nullptr;
};

}  // namespace baton::checkpoint
