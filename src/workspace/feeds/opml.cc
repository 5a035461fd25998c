// Lists of subscriptions as OPML 2.0 (opml.org/spec2.opml).
#include <map>
#include <string>
#include <utility>

#include <pugixml.hpp>

#include "base/utf8.h"
#include "workspace/feeds/feed.h"
#include "workspace/internal/blocks.h"

namespace baton::workspace::feeds {
namespace {

constexpr std::size_t kMaxOpmlBytes = std::size_t{4} << 20U;
constexpr std::size_t kMaxSubscriptions = 5000;
constexpr int kMaxOpmlDepth = 50;
constexpr std::size_t kMaxName = 200;

std::string NameOf(const pugi::xml_node& outline) {
  for (const char* key : {"title", "text"}) {
    std::string name =
        workspace::internal::OneLine(ReplaceInvalidUtf8(outline.attribute(key).value()), kMaxName);
    if (!name.empty()) return name;
  }
  return {};
}

void ReadOutlines(const pugi::xml_node& parent, const std::string& category, int depth,
                  std::vector<Subscription>& out) {
  if (depth > kMaxOpmlDepth) return;
  for (const pugi::xml_node& outline : parent.children("outline")) {
    const std::string url = ReplaceInvalidUtf8(outline.attribute("xmlUrl").value());
    if (!url.empty() && out.size() < kMaxSubscriptions) {
      out.push_back({.url = url, .name = NameOf(outline), .category = category});
    }
    ReadOutlines(outline, url.empty() ? NameOf(outline) : category, depth + 1, out);
  }
}

class StringWriter final : public pugi::xml_writer {
 public:
  void write(const void* data, std::size_t size) override {
    text.append(static_cast<const char*>(data), size);
  }
  std::string text;
};

}  // namespace

Result<std::vector<Subscription>> ParseOpml(std::string_view text) {
  if (text.size() > kMaxOpmlBytes) {
    return Fail(Code::kResourceExhausted, "OPML larger than {} MiB", kMaxOpmlBytes >> 20U);
  }
  pugi::xml_document document;
  const auto parsed = document.load_buffer(text.data(), text.size());
  if (!parsed) return Fail(Code::kInvalidArgument, "no OPML: {}", parsed.description());
  const pugi::xml_node body = document.child("opml").child("body");
  if (!body) return Fail(Code::kInvalidArgument, "no OPML: it has no <opml> with a <body>");
  std::vector<Subscription> subscriptions;
  ReadOutlines(body, "", 0, subscriptions);
  return subscriptions;
}

std::string WriteOpml(const std::vector<Subscription>& subscriptions) {
  pugi::xml_document document;
  pugi::xml_node opml = document.append_child("opml");
  opml.append_attribute("version") = "2.0";
  opml.append_child("head").append_child("title").text() = "Feeds";
  pugi::xml_node body = opml.append_child("body");
  std::map<std::string, pugi::xml_node> folders;
  for (const Subscription& each : subscriptions) {
    pugi::xml_node parent = body;
    if (!each.category.empty()) {
      pugi::xml_node& folder = folders[each.category];
      if (!folder) {
        folder = body.append_child("outline");
        folder.append_attribute("text") = each.category.c_str();
      }
      parent = folder;
    }
    pugi::xml_node outline = parent.append_child("outline");
    outline.append_attribute("type") = "rss";
    outline.append_attribute("text") = each.name.c_str();
    outline.append_attribute("xmlUrl") = each.url.c_str();
  }
  StringWriter writer;
  document.save(writer, "  ");
  return std::move(writer.text);
}

}  // namespace baton::workspace::feeds
