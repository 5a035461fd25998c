// Whether a text is of the form it claims to have.
#pragma once

#include <string_view>

#include "base/status.h"

namespace baton::agents {

// `form` is table (Markdown), csv (RFC 4180) or json; csv and json may stand in a fenced block.
// Other forms have nothing to check. kInvalidArgument says what is wrong, with the row.
Status CheckForm(std::string_view form, std::string_view text);

}  // namespace baton::agents
