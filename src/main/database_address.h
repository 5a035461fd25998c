// Which database the settings mean.
#pragma once

#include <filesystem>
#include <string>

#include "main/settings.h"

namespace baton::app {

// The setting `database`, or SQLite in the data folder.
inline std::string DatabaseAddress(const Settings& settings) {
  const std::string& given = settings.Text("database");
  if (!given.empty()) return given;
  return "sqlite:" + (std::filesystem::path(settings.Text("data")) / "baton.db").string();
}

}  // namespace baton::app
