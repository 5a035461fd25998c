#include "agents/internal/edit_plan.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/status.h"
#include "base/utf16.h"
#include "base/utf8.h"

namespace baton::agents {
namespace {

// Of a quotation in a message: enough to recognize it.
constexpr std::size_t kMaxQuotedBytes = 80;

// What is shown of the text before and behind an insertion, for the place to be known again.
constexpr int kContextCharacters = 40;

constexpr std::string_view kFence = "---";

std::string Quoted(std::string_view text) {
  std::string quoted = "«";
  quoted += Utf8Prefix(text, kMaxQuotedBytes);
  if (text.size() > kMaxQuotedBytes) quoted += "…";
  std::ranges::replace(quoted, '\n', ' ');
  return quoted + "»";
}

// Bytes up to the end of the YAML front matter's last line; 0 if there is none.
std::size_t FrontMatterEnd(std::string_view text) {
  const std::size_t first = text.find('\n');
  if (first == std::string_view::npos || !text.starts_with(kFence)) return 0;
  if (text.substr(kFence.size(), first - kFence.size()).find_first_not_of(" \t\r") !=
      std::string_view::npos) {
    return 0;
  }
  for (std::size_t at = first + 1; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    if (line.starts_with(kFence) && line.find_first_not_of(" \t\r", kFence.size()) == line.npos) {
      return std::min(end + 1, text.size());
    }
    at = end + 1;
  }
  return 0;
}

struct Occurrences {
  std::size_t count = 0;  // 2 stands for more than one
  std::size_t first = 0;
};

Occurrences Count(std::string_view text, std::string_view quotation) {
  Occurrences found;
  for (std::size_t at = text.find(quotation); at != std::string_view::npos && found.count < 2;
       at = text.find(quotation, at + 1)) {
    if (found.count++ == 0) found.first = at;
  }
  return found;
}

// Where a quotation stands, if that is certain.
Result<TextRange> FindOnce(const OpenDocument& document, std::string_view quotation) {
  if (quotation.empty()) {
    return Fail(Code::kInvalidArgument, "an operation does not quote its place");
  }
  Occurrences found = Count(document.text, quotation);
  std::size_t offset = 0;
  if (found.count > 1) {
    if (const std::optional<TextRange> selection = SelectionOf(document)) {
      const std::string_view selected =
          std::string_view(document.text)
              .substr(selection->start, selection->end - selection->start);
      if (const Occurrences inside = Count(selected, quotation); inside.count == 1) {
        found = inside;
        offset = selection->start;
      }
    }
  }
  if (found.count == 0) {
    return Fail(Code::kNotFound, "{} does not occur in the document", Quoted(quotation));
  }
  if (found.count > 1) {
    return Fail(Code::kFailedPrecondition, "{} occurs more than once in the document",
                Quoted(quotation));
  }
  return TextRange{offset + found.first, offset + found.first + quotation.size()};
}

struct Edit {
  TextRange range;
  std::string text;
  std::string anchor;
  std::optional<int> occurrence;  // of the anchor, a line, if it is there several times
  std::string note;
  bool below_heading = false;
  std::size_t order = 0;  // in the plan: what is inserted at one place stays in it
};

// Whether the range ends a line that is a Markdown heading.
bool EndsHeading(std::string_view text, const TextRange& range) {
  if (range.end < text.size() && text[range.end] != '\n') return false;
  const std::size_t line = range.end == 0 ? 0 : text.rfind('\n', range.end - 1) + 1;
  const std::size_t marks = text.find_first_not_of('#', line);
  return marks != std::string_view::npos && marks > line && marks <= line + 6 && text[marks] == ' ';
}

bool IsWithinCharacter(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

// The last and the first characters of a text.
std::string_view LastCharacters(std::string_view text) {
  std::size_t begin = text.size();
  for (int i = 0; i < kContextCharacters && begin > 0; ++i) {
    --begin;
    while (begin > 0 && IsWithinCharacter(text[begin])) --begin;
  }
  return text.substr(begin);
}

std::string_view FirstCharacters(std::string_view text) {
  std::size_t end = 0;
  for (int i = 0; i < kContextCharacters && end < text.size(); ++i) {
    ++end;
    while (end < text.size() && IsWithinCharacter(text[end])) ++end;
  }
  return text.substr(0, end);
}

std::string_view WithoutBlanksAtEnd(std::string_view line) {
  return line.substr(0, line.find_last_not_of(" \t") + 1);
}

// The line that ends at `end`, and which of the same lines it is.
void AnchorAtLine(std::string_view text, std::size_t end, Edit& edit) {
  const std::size_t begin = end == 0 ? 0 : text.rfind('\n', end - 1) + 1;
  const std::string_view anchor = WithoutBlanksAtEnd(text.substr(begin, end - begin));
  edit.anchor = anchor;
  int count = 0;
  int before = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t line_end = std::min(text.find('\n', at), text.size());
    if (WithoutBlanksAtEnd(text.substr(at, line_end - at)) == anchor) {
      ++count;
      before += at < begin ? 1 : 0;
    }
    at = line_end + 1;
  }
  if (count > 1) edit.occurrence = before;
}

std::string_view Trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of('\n');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of('\n') - first + 1);
}

Result<Edit> InsertAfter(const OpenDocument& document, std::string_view quotation,
                         std::string_view text) {
  const Result<TextRange> place = FindOnce(document, quotation);
  if (!place) return Fail(place.error());
  Edit edit{.range = {place->end, place->end},
            .text = std::string(text),
            .anchor = std::string(quotation)};
  if (EndsHeading(document.text, *place)) {
    edit.below_heading = true;
    AnchorAtLine(document.text, place->end, edit);
    edit.text = fmt::format("\n\n{}", Trimmed(text));
  }
  return edit;
}

Edit Append(const OpenDocument& document, std::string_view text) {
  const std::size_t end = document.text.size();
  const std::string_view gap = document.text.empty()             ? ""
                               : document.text.ends_with("\n\n") ? ""
                               : document.text.ends_with('\n')   ? "\n"
                                                                 : "\n\n";
  return {.range = {end, end}, .text = fmt::format("{}{}\n", gap, Trimmed(text))};
}

Result<Edit> Place(const OpenDocument& document, const json::Value& operation) {
  const std::string_view op = json::GetString(operation, "op");
  const std::string_view quotation = json::GetString(operation, "original_text");
  const std::string_view text = json::GetString(operation, "text");
  if (op == "replace" || op == "delete") {
    const Result<TextRange> range = FindOnce(document, quotation);
    if (!range) return Fail(range.error());
    return Edit{.range = *range, .text = op == "delete" ? "" : std::string(text)};
  }
  if (op == "insert_after") return InsertAfter(document, quotation, text);
  if (op == "append") return Append(document, text);
  if (op == "replace_selection") {
    const std::optional<TextRange> selection = SelectionOf(document);
    if (!selection) return Fail(Code::kFailedPrecondition, "nothing is selected in the document");
    return Edit{.range = *selection, .text = std::string(text)};
  }
  const std::optional<std::size_t> cursor = CursorOf(document);
  if (!cursor) return Fail(Code::kFailedPrecondition, "it is not known where the cursor stands");
  return Edit{.range = {*cursor, *cursor}, .text = std::string(text)};
}

json::Object Describe(const OpenDocument& document, const Edit& edit) {
  const std::string_view text = document.text;
  const std::string_view replaced =
      text.substr(edit.range.start, edit.range.end - edit.range.start);
  const std::int64_t start = Utf16Length(text.substr(0, edit.range.start));
  json::Object described{{"op_type", edit.below_heading  ? "insert_after_heading"
                                     : edit.text.empty() ? "delete_range"
                                                         : "replace_range"},
                         {"start", start},
                         {"end", start + Utf16Length(replaced)},
                         {"text", edit.text},
                         {"pre_hash", HashUtf16(replaced)},
                         {"original_text", replaced},
                         {"anchor_text", edit.anchor},
                         {"note", edit.note},
                         {"confidence", 1}};
  if (edit.occurrence) described["occurrence_index"] = *edit.occurrence;
  if (replaced.empty() && !edit.below_heading) {
    described["left_context"] = LastCharacters(text.substr(0, edit.range.start));
    described["right_context"] = FirstCharacters(text.substr(edit.range.end));
  }
  return described;
}

// What of the edits cannot be done together, or at all.
std::vector<std::string> Conflicts(const OpenDocument& document, const std::vector<Edit>& edits) {
  std::vector<std::string> problems;
  const std::size_t front_matter = FrontMatterEnd(document.text);
  const Edit* before = nullptr;
  for (const Edit& edit : edits) {
    const auto words =
        std::string_view(document.text).substr(edit.range.start, edit.range.end - edit.range.start);
    if (edit.range.start < front_matter) {
      problems.push_back(fmt::format("{} is in the front matter, which stays as it is",
                                     Quoted(words.empty() ? edit.anchor : words)));
    }
    if (before != nullptr && edit.range.start < before->range.end) {
      problems.push_back(fmt::format("two changes concern the same words, {}", Quoted(words)));
    }
    before = &edit;
  }
  return problems;
}

}  // namespace

const json::Value& EditPlanSchema() {
  static const json::Value schema = json::Parse(R"({
    "type": "object", "additionalProperties": false,
    "required": ["answer", "summary", "scope", "safety", "questions", "operations"],
    "properties": {
      "answer": {"type": "string"},
      "summary": {"type": "string"},
      "scope": {"enum": ["paragraph", "chapter", "multi_chapter"]},
      "safety": {"enum": ["low", "medium", "high"]},
      "questions": {"type": "array", "items": {"type": "string"}},
      "operations": {"type": "array", "items": {
        "type": "object", "additionalProperties": false,
        "required": ["op", "original_text", "text", "note"],
        "properties": {
          "op": {"enum": ["replace", "delete", "insert_after", "replace_selection",
                          "insert_at_cursor", "append"]},
          "original_text": {"type": "string"},
          "text": {"type": "string"},
          "note": {"type": "string"}}}}}})")
                                        .value();
  return schema;
}

std::string_view EditPlanInstructions() {
  return "## How you answer\n\n"
         "With JSON of this form, and nothing else:\n"
         "{\"answer\": \"…\", \"summary\": \"…\", \"scope\": \"paragraph\", \"safety\": \"low\", "
         "\"questions\": [], \"operations\": [{\"op\": \"replace\", \"original_text\": \"…\", "
         "\"text\": \"…\", \"note\": \"…\"}]}\n\n"
         "- answer: what the user reads beside the changes, in one to three sentences, or the "
         "whole "
         "answer to a question; operations is empty then. Do not repeat the new text in it.\n"
         "- summary: the changes in one line. scope: paragraph, chapter or multi_chapter. safety: "
         "how much the change risks for the rest of the text.\n"
         "- questions: what only the user can decide. Do what can be done without.\n"
         "- operations, each for one place. replace: original_text is replaced by text. delete: "
         "original_text goes, text is empty. insert_after: text comes right behind original_text, "
         "with the white space it needs; a heading as original_text: text becomes the paragraph "
         "below it. replace_selection and insert_at_cursor: where the user has selected or has the "
         "cursor; original_text is empty. append: text becomes the document's last paragraph. "
         "note: "
         "why, in a few words.\n"
         "- original_text is copied from the document to the letter, with its line breaks, and "
         "long "
         "enough to occur exactly once. Quote no more than changes. Operations do not overlap. The "
         "front matter (between the --- lines) cannot be changed: say so if it would have to be.\n"
         "The user sees the operations in the editor and accepts or rejects each.";
}

ResolvedEdits ResolveEdits(const OpenDocument& document, const json::Array& operations) {
  ResolvedEdits resolved;
  std::vector<Edit> edits;
  for (const json::Value& operation : operations) {
    Result<Edit> edit = Place(document, operation);
    if (!edit) {
      resolved.problems.push_back(edit.error().message());
      continue;
    }
    const auto words = std::string_view(document.text)
                           .substr(edit->range.start, edit->range.end - edit->range.start);
    if (words == edit->text) continue;
    edit->note = json::GetString(operation, "note");
    edit->order = edits.size();
    edits.push_back(*std::move(edit));
  }
  std::ranges::sort(edits, {},
                    [](const Edit& edit) { return std::pair(edit.range.start, edit.order); });
  std::ranges::move(Conflicts(document, edits), std::back_inserter(resolved.problems));
  for (const Edit& edit : edits) resolved.operations.push_back(Describe(document, edit));
  return resolved;
}

}  // namespace baton::agents
