#include <unistd.h>

#include "main/commands.h"
#include "main/terminal.h"

namespace baton::app {

int RunConfig(const Settings& settings, const ConfigCommand& command) {
  Terminal out(stdout);
  if (command.json) {
    out.WriteLine(settings.DescribeAsJson());
  } else {
    out.Write(settings.Describe());
    for (const UnknownVariable& variable : UnknownVariables(environ)) {
      out.WriteLine("# environment " + variable.name + " sets nothing");
    }
  }
  return 0;
}

}  // namespace baton::app
