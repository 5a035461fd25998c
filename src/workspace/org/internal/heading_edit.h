// Parts of a heading that edits rewrite.
#pragma once

#include <string>
#include <string_view>

#include "workspace/org/internal/splice.h"

namespace baton::workspace::org::internal {

// The blanks that a file's planning lines and drawers begin with below this heading.
std::string HeadIndent(const OrgFile& file, const Heading& heading);

// Sets "SCHEDULED: <…>" (or DEADLINE, CLOSED) to `stamp`, as ReplaceStampText() does where
// there is one; text beside it stays.
void SetPlanning(const OrgFile& file, const Heading& heading, PlannedDate::Kind kind,
                 const Stamp& stamp, Splices& splices);
// Takes it out; the line goes with its last date, unless there is text on it.
void RemovePlanning(const OrgFile& file, const Heading& heading, PlannedDate::Kind kind,
                    Splices& splices);

// Sets a property, in a new drawer if there is none. Called once for each heading.
void SetProperty(const OrgFile& file, const Heading& heading, std::string_view key,
                 std::string_view value, Splices& splices);

// Sets the state word of a heading that has one.
void SetState(const Heading& heading, std::string_view word, Splices& splices);

// Puts the tags behind the title.
void SetTags(const OrgFile& file, const Heading& heading, const std::vector<std::string>& tags,
             Splices& splices);

// ":a:b:"
std::string JoinTags(const std::vector<std::string>& tags);

}  // namespace baton::workspace::org::internal
