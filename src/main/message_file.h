// The file of people and rooms that messages can be sent to.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "main/settings.h"
#include "tools/messages/directory_gateway.h"

namespace baton::app {

// Reads the list (docs/messages.md):
//
//   mail:
//     server: smtp://mail.example.org:587   # or smtps://
//     from: baton@example.org
//     user: baton                           # with password or password_file; without: no login
//     password_file: /run/secrets/mail
//     tls: required                         # or if_offered, none
//   receivers:
//     - {name: Bob, mail: bob@example.org, users: [ann]}
//     - {name: Garden, webhook: "https://chat.example.org/hooks/1", users: ["*"]}
//
// kInvalidArgument names the file and the line. Unknown keys are mistakes.
Result<tools::MessageDirectory> ParseMessageFile(const std::string& text,
                                                 std::string_view file_name);

// Of the file that the settings name; without one there is nobody to write to.
Result<tools::MessageDirectory> LoadMessageFile(const Settings& settings);

}  // namespace baton::app
