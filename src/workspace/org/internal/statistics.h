// Boxes and counters above a changed entry.
#pragma once

#include "workspace/org/edit.h"

namespace baton::workspace::org::internal {

// Brings what stands above the entry at `edited.at` in line with it: the boxes of the list
// items it is nested in, and "[1/2]" or "[50%]" in those items and in the nearest headings.
Result<Edited> UpdateStatistics(Edited edited);

// Whether the item's box follows from boxes below it.
bool HasSubBoxes(const OrgFile& file, int item);

}  // namespace baton::workspace::org::internal
