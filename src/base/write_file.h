// Files that are there whole, or not at all.
#pragma once

#include <filesystem>
#include <string_view>

#include "base/status.h"

namespace baton {

// Threads: safe.
// Errors:  kUnavailable names the file and what the system says ("No space left on device"); what
//          was there before stays as it is.

// Puts `text` in the place of what the file has, if there is one.
Status ReplaceFile(const std::filesystem::path& file, std::string_view text);

// Makes a new file. kAlreadyExists if there is one, also if it came at the same moment.
Status CreateNewFile(const std::filesystem::path& file, std::string_view text);

}  // namespace baton
