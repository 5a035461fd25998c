#include "llm/offline/arguments.h"

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include "json/schema.h"
#include "llm/offline/schema_shape.h"
#include "llm/offline/text.h"

namespace baton::llm::offline {
namespace {

// How many results are asked for where the tool demands a number and names none.
constexpr double kUsualLimit = 5;

enum class TextKind { kQuery, kMessage, kUrl, kPath, kId, kPlace, kDate };

bool HasWord(const std::vector<Word>& words, std::initializer_list<std::string_view> any) {
  return std::ranges::any_of(
      words, [&](const Word& word) { return std::ranges::find(any, word.folded) != any.end(); });
}

// What a text parameter wants, by the words of its name and its "format".
TextKind KindOf(std::string_view name, const json::Object& schema) {
  const std::vector<Word> words = SplitWords(name);
  const json::Value* format = schema.if_contains("format");
  const auto is_format = [&](std::string_view f) {
    return format != nullptr && *format == json::Value(f);
  };
  if (HasWord(words, {"url", "uri", "link"}) || is_format("uri")) return TextKind::kUrl;
  if (HasWord(words, {"path", "file", "filename"})) return TextKind::kPath;
  if (HasWord(words, {"id", "ids", "uuid", "key", "token", "hash"})) return TextKind::kId;
  if (HasWord(words, {"location", "city", "place", "town", "address"})) return TextKind::kPlace;
  if (HasWord(words, {"date", "day"}) || is_format("date")) return TextKind::kDate;
  if (HasWord(words, {"message", "request", "prompt", "question", "text", "content", "instruction",
                      "description", "body"})) {
    return TextKind::kMessage;
  }
  return TextKind::kQuery;
}

// The text between white space around `at`, without quotes and closing punctuation.
std::string_view TokenAround(std::string_view text, std::size_t at) {
  constexpr std::string_view kEnds = " \t\r\n<>\"'()[]`";
  const std::size_t before = text.find_last_of(kEnds, at);
  const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
  std::string_view token = text.substr(begin, text.find_first_of(kEnds, at) - begin);
  while (!token.empty() && std::string_view(".,;:!?").contains(token.back())) {
    token.remove_suffix(1);
  }
  return token;
}

bool IsCapitalised(std::string_view word) { return !word.empty() && Fold(word) != word; }

// The capitalised words after "in", "at", "for", …; or else those that do not begin the text.
std::string FindPlace(std::string_view text) {
  const std::vector<Word> words = SplitWords(text);
  const auto run_at = [&](std::size_t i) {
    std::string place;
    for (; i < words.size() && IsCapitalised(words[i].raw); ++i) {
      if (!place.empty()) place += ' ';
      place += words[i].raw;
    }
    return place;
  };
  const auto introduces = [](std::string_view word) {
    static constexpr std::string_view kPrepositions[] = {"in", "at", "for", "near", "für", "bei",
                                                         "en", "à",  "a",   "para", "pour"};
    return std::ranges::find(kPrepositions, word) != std::end(kPrepositions);
  };
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (!introduces(words[i - 1].folded)) continue;
    if (std::string place = run_at(i); !place.empty()) return place;
  }
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (IsStopWord(words[i].folded)) continue;
    if (std::string place = run_at(i); !place.empty()) return place;
  }
  return {};
}

// "2026-11-22", or the word for a day that the text has.
std::string FindDate(std::string_view text) {
  static constexpr std::string_view kDays[] = {"today",   "tomorrow", "yesterday", "heute",
                                               "morgen",  "gestern",  "hoy",       "mañana",
                                               "aujourd", "demain"};
  for (std::size_t at = 0; at + 10 <= text.size(); ++at) {
    const std::string_view candidate = text.substr(at, 10);
    bool fits = candidate[4] == '-' && candidate[7] == '-';
    for (const std::size_t i : {0, 1, 2, 3, 5, 6, 8, 9}) {
      fits = fits && candidate[i] >= '0' && candidate[i] <= '9';
    }
    if (fits) return std::string(candidate);
  }
  for (const Word& word : SplitWords(text)) {
    if (std::ranges::find(kDays, word.folded) != std::end(kDays)) return word.folded;
  }
  return {};
}

// What stands in quotation marks: empty if nothing does, or more than one thing.
std::string_view FindQuotation(std::string_view text) {
  struct Marks {
    std::string_view open;
    std::string_view close;
  };
  static constexpr Marks kMarks[] = {{"'", "'"}, {"\"", "\""}, {"“", "”"}, {"‘", "’"},
                                     {"„", "“"}, {"«", "»"},   {"`", "`"}};
  std::string_view found;
  for (std::size_t at = 0; at < text.size();) {
    const bool at_word = at == 0 || std::string_view(" \t\n(:").contains(text[at - 1]);
    const auto* marks = std::ranges::find_if(
        kMarks, [&](const Marks& m) { return at_word && text.substr(at).starts_with(m.open); });
    std::size_t end = std::string_view::npos;
    if (marks != std::end(kMarks)) {
      // A mark within a word is an apostrophe.
      end = text.find(marks->close, at + marks->open.size());
      while (end != std::string_view::npos && end + marks->close.size() < text.size() &&
             !SplitWords(text.substr(end + marks->close.size(), 1)).empty()) {
        end = text.find(marks->close, end + 1);
      }
    }
    if (end == std::string_view::npos) {
      ++at;
      continue;
    }
    if (!found.empty()) return {};
    found = Trimmed(text.substr(at + marks->open.size(), end - at - marks->open.size()));
    at = end + marks->close.size();
  }
  return found;
}

// "in the category Sport", "tags 'a, b'": what follows the parameter's name, in quotation marks or
// capitalised.
std::string FindNamed(std::string_view name, std::string_view text) {
  const std::vector<Word> words = SplitWords(text);
  const std::string wanted = Fold(name);
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (words[i].folded != wanted) continue;
    const auto begin = static_cast<std::size_t>(words[i + 1].raw.data() - text.data());
    std::string value;
    std::size_t end = begin;
    for (std::size_t next = i + 1; next < words.size(); ++next) {
      const Word& word = words[next];
      const auto at = static_cast<std::size_t>(word.raw.data() - text.data());
      if (!IsCapitalised(word.raw) || (at != begin && text.substr(end, at - end) != " ")) break;
      end = at + word.raw.size();
    }
    value = text.substr(begin, end - begin);
    if (value.empty() && begin > 0 && std::string_view("'\"").contains(text[begin - 1])) {
      value = FindQuotation(text.substr(begin - 1));
    }
    if (!value.empty()) return value;
  }
  return {};
}

// What is to be written down: what is quoted, or else all of the message.
std::string_view TextToKeep(std::string_view name, std::string_view message) {
  const bool keeps = HasWord(SplitWords(name), {"text", "content", "body", "message"});
  const std::string_view quoted = keeps ? FindQuotation(message) : std::string_view();
  return quoted.empty() ? Trimmed(message) : quoted;
}

std::optional<json::Value> TextArgument(std::string_view name, const json::Object& schema,
                                        const Ask& ask) {
  std::string text;
  switch (KindOf(name, schema)) {
    case TextKind::kUrl:
      text = FindUrl(ask.message);
      break;
    case TextKind::kPath:
      text = FindPath(ask.message);
      break;
    case TextKind::kPlace:
      text = FindPlace(ask.message);
      break;
    case TextKind::kDate:
      text = FindDate(ask.message);
      break;
    case TextKind::kMessage:
      text = TextToKeep(name, ask.message);
      break;
    case TextKind::kQuery:
      text = ask.query;
      break;
    case TextKind::kId:
      break;
  }
  if (text.empty()) return std::nullopt;
  return json::Value(FitLength(schema, text));
}

// "top 5", "5 results": a number that counts what is asked for. Other numbers mean other things.
std::optional<double> FindCount(std::string_view text) {
  const std::vector<Word> words = SplitWords(text);
  for (std::size_t i = 0; i < words.size(); ++i) {
    double number = 0;
    const std::string_view raw = words[i].raw;
    const auto [end, error] = std::from_chars(raw.data(), raw.data() + raw.size(), number);
    if (error != std::errc() || end != raw.data() + raw.size()) continue;
    static constexpr std::string_view kBefore[] = {"top",    "first",    "last",     "best",
                                                   "ersten", "letzten",  "primeros", "últimos",
                                                   "limit",  "premiers", "derniers", "besten"};
    static constexpr std::string_view kAfter[] = {
        "results", "items", "hits", "days",  "entries", "ergebnisse", "treffer",
        "tage",    "tagen", "días", "jours", "sources", "resultados", "résultats"};
    const bool counted =
        (i > 0 && std::ranges::find(kBefore, words[i - 1].folded) != std::end(kBefore)) ||
        (i + 1 < words.size() &&
         (std::ranges::find(kAfter, words[i + 1].folded) != std::end(kAfter) ||
          IsContainerWord(words[i + 1].folded)));
    if (counted) return number;
  }
  return std::nullopt;
}

bool IsLimit(std::string_view name) {
  return HasWord(SplitWords(name),
                 {"limit", "count", "max", "top", "k", "n", "size", "days", "results", "number"});
}

// The argument as the message has it; nothing if it does not.
std::optional<json::Value> MentionedArgument(std::string_view name, const json::Object& schema,
                                             const Ask& ask) {
  const json::Value* values = schema.if_contains("enum");
  if (values != nullptr && values->is_array()) {
    return MentionedValue(values->get_array(), ask.message);
  }
  const Shape shape = ShapeOf(schema);
  if (shape == Shape::kString) return TextArgument(name, schema, ask);
  if ((shape == Shape::kInteger || shape == Shape::kNumber) && IsLimit(name)) {
    const std::optional<double> count = FindCount(ask.message);
    if (count) return FitNumber(schema, *count, shape == Shape::kInteger);
  }
  return std::nullopt;
}

std::optional<json::Value> RequiredArgument(std::string_view name, const json::Object& schema,
                                            const json::Value& root, const Ask& ask) {
  if (auto value = MentionedArgument(name, schema, ask)) return value;
  if (auto value = NamedValue(schema)) return value;
  switch (ShapeOf(schema)) {
    case Shape::kString:
      return std::nullopt;
    case Shape::kInteger:
    case Shape::kNumber:
      return FitNumber(schema, IsLimit(name) ? kUsualLimit : 0, ShapeOf(schema) == Shape::kInteger);
    case Shape::kArray: {
      const json::Value* items = schema.if_contains("items");
      const json::Object item = items == nullptr ? json::Object() : Flatten(*items, root);
      if (ShapeOf(item) != Shape::kString) return MinimalValue(schema, root);
      auto element = RequiredArgument(name, item, root, ask);
      if (!element) return std::nullopt;
      return json::Array{*std::move(element)};
    }
    default:
      return MinimalValue(schema, root);
  }
}

bool FitsSchema(const json::Object& arguments, const json::Value& definition) {
  const Result<json::Schema> schema = json::Schema::Compile(definition);
  return schema && schema->Validate(json::Value(arguments)).ok();
}

// Optional text other than a URL, path or place would narrow a search that nobody narrowed.
bool MayFillUnasked(std::string_view name, const json::Object& schema) {
  if (schema.contains("enum") || ShapeOf(schema) != Shape::kString) return true;
  const TextKind kind = KindOf(name, schema);
  return kind == TextKind::kUrl || kind == TextKind::kPlace;
}

}  // namespace

std::string_view FindUrl(std::string_view text) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    const std::size_t at = text.find(scheme);
    if (at != std::string_view::npos) return TokenAround(text, at);
  }
  return {};
}

std::string_view FindPath(std::string_view text) {
  static constexpr std::string_view kEndings[] = {".md",   ".txt",  ".org", ".html", ".pdf",
                                                  ".docx", ".epub", ".csv", ".json", ".yaml",
                                                  ".h",    ".cc",   ".py"};
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = text.find_first_not_of(" \t\r\n<>\"'()[]`", at);
    if (begin == std::string_view::npos) break;
    const std::string_view token = TokenAround(text, begin);
    const bool slashed = token.contains('/') && !token.contains("://") && token.size() > 3;
    const bool ending = std::ranges::any_of(kEndings, [&](std::string_view e) {
      return token.size() > e.size() && token.ends_with(e);
    });
    if (slashed || ending) return token;
    at = begin + std::max<std::size_t>(token.size(), 1);
  }
  return {};
}

std::optional<json::Value> MentionedValue(const json::Array& values, std::string_view text) {
  std::vector<std::string> stems;
  for (const Word& word : SplitWords(text)) stems.push_back(Stem(word.folded));
  const json::Value* best = nullptr;
  std::size_t most = 0;
  for (const json::Value& value : values) {
    if (!value.is_string()) continue;
    const std::vector<Word> words = SplitWords(json::ToStringView(value.get_string()));
    const bool all = !words.empty() && std::ranges::all_of(words, [&](const Word& word) {
      return std::ranges::find(stems, Stem(word.folded)) != stems.end();
    });
    if (!all || words.size() <= most) continue;
    best = &value;
    most = words.size();
  }
  return best == nullptr ? std::nullopt : std::optional(*best);
}

std::optional<json::Object> FillArguments(const ToolSpec& tool, const Ask& ask) {
  const json::Object schema = Flatten(*tool.parameters, *tool.parameters);
  json::Object arguments;
  const json::Value* properties = schema.if_contains("properties");
  if (properties != nullptr && properties->is_object()) {
    for (const auto& [name, definition] : properties->get_object()) {
      const json::Object property = Flatten(definition, *tool.parameters);
      std::optional<json::Value> value;
      if (IsRequired(schema, name)) {
        value = RequiredArgument(name, property, *tool.parameters, ask);
        if (!value) return std::nullopt;
      } else if (MayFillUnasked(name, property)) {
        value = MentionedArgument(name, property, ask);
      } else if (const std::string named = FindNamed(name, ask.message); !named.empty()) {
        value = json::Value(FitLength(property, named));
      }
      if (value) arguments[name] = *std::move(value);
    }
  }
  if (!FitsSchema(arguments, *tool.parameters)) return std::nullopt;
  return arguments;
}

json::Object MinimalArguments(const ToolSpec& tool) {
  json::Value minimal = MinimalValue(*tool.parameters, *tool.parameters);
  return minimal.is_object() ? std::move(minimal.get_object()) : json::Object();
}

}  // namespace baton::llm::offline
