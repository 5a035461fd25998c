// What a file says, as text.
#pragma once

#include <filesystem>
#include <string>

#include "base/status.h"

namespace baton {

// All of `file`. kNotFound names it and says what is wrong, a folder's name given for a file's as
// well: "notes: cannot be read: Is a directory".
Result<std::string> ReadFile(const std::filesystem::path& file);

}  // namespace baton
