// What is asked of an images API such as OpenAI's.
#pragma once

#include <string>
#include <string_view>

#include "http/client.h"
#include "workspace/images/image_service.h"

namespace baton::workspace::images::internal {

// POST images/generations, as JSON.
http::Request NewImage(const std::string& base_url, const ImageRequest& request);

// POST images/edits, as a form (RFC 7578) with the file of the picture to start from, whose format
// ReadImageHeader() knows. `boundary` is in none of the parts.
http::Request ImageLike(const std::string& base_url, const ImageRequest& request,
                        std::string_view reference, const std::string& boundary);

}  // namespace baton::workspace::images::internal
