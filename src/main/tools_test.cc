#include "main/tools.h"

#include <gtest/gtest.h>

namespace baton::app {
namespace {

// What is left of `tool` with the setting `name` at `value`.
bool IsLeft(const std::string& tool, const std::string& name, const std::string& value) {
  const auto nothing = [](const char*) -> const char* { return nullptr; };
  const Settings settings = Settings::Load("", nothing, {{name, value}}).value();
  tools::ToolRegistry registry;
  EXPECT_TRUE(RegisterTools(registry, nullptr, nullptr, nullptr).ok());
  EXPECT_TRUE(WithdrawUnusableTools(registry, settings).ok());
  return registry.Find(tool) != nullptr;
}

TEST(Tools, ThoseThatSearchTheWebNeedASearchEngine) {
  for (const std::string tool : {"search_web", "search_and_read_web"}) {
    EXPECT_FALSE(IsLeft(tool, "user", "ann"));
    EXPECT_TRUE(IsLeft(tool, "web.searxng_url", "http://127.0.0.1:8888"));
    EXPECT_TRUE(IsLeft(tool, "web.brave_api_key", "k"));
  }
  EXPECT_TRUE(IsLeft("read_web_pages", "user", "ann"));
}

}  // namespace
}  // namespace baton::app
