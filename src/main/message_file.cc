#include "main/message_file.h"

#include <utility>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "base/read_file.h"
#include "http/url.h"

namespace baton::app {
namespace {

using Entry = tools::MessageDirectory::Entry;

Result<http::MailServer::Tls> ParseTls(std::string_view text) {
  if (text == "required") return http::MailServer::Tls::kRequired;
  if (text == "if_offered") return http::MailServer::Tls::kIfOffered;
  if (text == "none") return http::MailServer::Tls::kNone;
  return Fail(Code::kInvalidArgument, "'{}' is none of required, if_offered, none", text);
}

bool IsMailUrl(std::string_view url) {
  return (url.starts_with("smtp://") && url.size() > 7) ||
         (url.starts_with("smtps://") && url.size() > 8);
}

// A mistake's place in front of it.
class MessageFileReader {
 public:
  explicit MessageFileReader(std::string_view file) : file_(file) {}

  Result<tools::MessageDirectory> Read(const YAML::Node& root) {
    if (root.IsNull()) return directory_;
    if (!root.IsMap()) return Fail(At(root, Wrong("must hold 'receivers:'")));
    for (const auto& member : root) {
      const std::string key = member.first.Scalar();
      Status read;
      if (key == "mail") {
        read = ReadMail(member.second);
      } else if (key == "receivers") {
        read = ReadReceivers(member.second);
      } else {
        read = At(member.first, Wrong(fmt::format("unknown key '{}': mail or receivers", key)));
      }
      if (!read.ok()) return Fail(std::move(read));
    }
    for (const Entry& entry : directory_.entries) {
      if (entry.mail.empty() || directory_.mail_server) continue;
      return Fail(At(root, Wrong(fmt::format("'{}' has a mail address, but 'mail:' names no server",
                                             entry.name))));
    }
    return std::move(directory_);
  }

 private:
  static Status Wrong(std::string message) { return {Code::kInvalidArgument, std::move(message)}; }

  Status At(const YAML::Node& node, Status status) const {
    return std::move(status).Annotate(fmt::format("{}:{}", file_, node.Mark().line + 1));
  }

  Status ReadMail(const YAML::Node& map) {
    if (!map.IsMap()) return At(map, Wrong("'mail' holds server and from"));
    http::MailServer server;
    for (const auto& member : map) {
      Status read = ReadMailMember(member.first.Scalar(), member.second, server);
      if (!read.ok()) return At(member.first, std::move(read));
    }
    if (server.url.empty()) return At(map, Wrong("'mail' needs 'server'"));
    if (directory_.mail_from.empty()) return At(map, Wrong("'mail' needs 'from'"));
    directory_.mail_server = std::move(server);
    return {};
  }

  Status ReadMailMember(const std::string& key, const YAML::Node& node, http::MailServer& server) {
    const std::string value = node.IsScalar() ? node.Scalar() : "";
    if (value.empty()) return Wrong(fmt::format("'{}' needs a value", key));
    if (key == "server") {
      server.url = value;
      return IsMailUrl(value) ? Status()
                              : Wrong("a mail server is smtp://HOST[:PORT] or smtps://…");
    }
    if (key == "from") {
      directory_.mail_from = value;
      return http::IsMailAddress(value) ? Status()
                                        : Wrong(fmt::format("'{}' is no mail address", value));
    }
    if (key == "user" || key == "password") {
      (key == "user" ? server.user : server.password) = value;
      return {};
    }
    if (key == "password_file") {
      Result<std::string> password = ReadFile(value);
      if (!password) return std::move(password).error();
      server.password = password->substr(0, password->find_first_of("\r\n"));
      return {};
    }
    if (key != "tls") {
      return Wrong(
          fmt::format("unknown key '{}': server, from, user, password, password_file, tls", key));
    }
    const auto tls = ParseTls(value);
    if (!tls) return tls.error();
    server.tls = *tls;
    return {};
  }

  Status ReadReceivers(const YAML::Node& list) {
    if (!list.IsSequence()) return At(list, Wrong("'receivers' is a list"));
    for (const YAML::Node& each : list) {
      if (!each.IsMap()) return At(each, Wrong("a receiver is 'key: value'"));
      Entry entry;
      for (const auto& member : each) {
        Status read = ReadReceiverMember(member.first.Scalar(), member.second, entry);
        if (!read.ok()) return At(member.first, std::move(read));
      }
      if (entry.name.empty()) return At(each, Wrong("a receiver needs 'name'"));
      if (entry.mail.empty() == entry.webhook.empty()) {
        return At(each, Wrong(fmt::format("'{}' needs either 'mail' or 'webhook'", entry.name)));
      }
      if (entry.users.empty()) {
        return At(each,
                  Wrong(fmt::format("'{}' needs 'users': who may write there, [\"*\"] for everyone",
                                    entry.name)));
      }
      directory_.entries.push_back(std::move(entry));
    }
    return {};
  }

  static Status ReadReceiverMember(const std::string& key, const YAML::Node& node, Entry& entry) {
    if (key == "users") {
      if (!node.IsSequence()) return Wrong("'users' is a list");
      for (const YAML::Node& user : node) {
        if (!user.IsScalar()) return Wrong("a user is a name");
        entry.users.push_back(user.Scalar());
      }
      return {};
    }
    const std::string value = node.IsScalar() ? node.Scalar() : "";
    if (value.empty()) return Wrong(fmt::format("'{}' needs a value", key));
    if (key == "name") {
      entry.name = value;
    } else if (key == "mail") {
      if (!http::IsMailAddress(value)) return Wrong(fmt::format("'{}' is no mail address", value));
      entry.mail = value;
    } else if (key == "webhook") {
      if (!http::SplitUrl(value)) return Wrong("a webhook is an http or https URL");
      entry.webhook = value;
    } else if (key == "field") {
      entry.field = value;
    } else {
      return Wrong(fmt::format("unknown key '{}': name, mail, webhook, field, users", key));
    }
    return {};
  }

  const std::string_view file_;
  tools::MessageDirectory directory_;
};

}  // namespace

Result<tools::MessageDirectory> ParseMessageFile(const std::string& text,
                                                 std::string_view file_name) {
  try {  // yaml-cpp reports by exception
    return MessageFileReader(file_name).Read(YAML::Load(text));
  } catch (const YAML::Exception& e) {
    return Fail(Code::kInvalidArgument, "{}:{}: {}", file_name, e.mark.line + 1, e.msg);
  }
}

Result<tools::MessageDirectory> LoadMessageFile(const Settings& settings) {
  const std::string& path = settings.Text("messages.file");
  if (path.empty()) return tools::MessageDirectory();
  Result<std::string> text = ReadFile(path);
  if (!text) return Fail(std::move(text).error().Annotate("setting 'messages.file'"));
  return ParseMessageFile(*text, path);
}

}  // namespace baton::app
