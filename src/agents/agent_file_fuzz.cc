// Any bytes as an agent file: an agent that can be built, or mistakes with their places.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "agents/agent.h"
#include "agents/agent_spec.h"
#include "agents/prompt_template.h"
#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const baton::Result<baton::agents::AgentSpec> spec =
      baton::agents::ParseAgentFile(text, "fuzz.yaml");
  if (!spec) {
    BATON_CHECK(spec.error().message().starts_with("fuzz.yaml:"), "a mistake without a place");
    return 0;
  }
  BATON_CHECK(baton::agents::BuildWorkflow(*spec).has_value(), "a spec without a graph");
  baton::agents::FillTemplate(spec->prompt, {{"user_name", "{{"}});
  return 0;
}
