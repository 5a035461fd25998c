// The token by which a service knows its callers, at every edge.
#pragma once

#include <string_view>

namespace baton {

// Whether `authorization`, the value of a header of that name, is "Bearer <token>". Takes as
// long for a good guess as for a bad one of the same length. An empty `token` lets all pass.
bool ShowsToken(std::string_view authorization, std::string_view token);

}  // namespace baton
