// Links and timestamps within running text.
#pragma once

#include "workspace/org/org_file.h"

namespace baton::workspace::org::internal {

// Appends those of `span` to file.links and file.stamps; what stands in =verbatim= or ~code~ is
// neither.
void ScanObjects(OrgFile& file, Span span);

// The stamps of `span`, with ranges marked.
std::vector<StampAt> ReadStamps(const OrgFile& file, Span span);

}  // namespace baton::workspace::org::internal
