#include "workspace/testing/temporary_folder.h"

#include <stdlib.h>

#include <fstream>

#include "base/check.h"

namespace baton::workspace::testing {

TemporaryFolder::TemporaryFolder() {
  std::string name = std::filesystem::temp_directory_path() / "baton-workspace-XXXXXX";
  BATON_CHECK(mkdtemp(name.data()) != nullptr, "no folder for a test: " + name);
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;  // a folder that stays is no reason to fail
  std::filesystem::remove_all(path_, ignored);
}

std::filesystem::path TemporaryFolder::Write(const std::string& name,
                                             std::string_view bytes) const {
  const std::filesystem::path file = path_ / name;
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << bytes;
  return file;
}

}  // namespace baton::workspace::testing
