// The org files that tests read, and what must hold of every one of them.
#pragma once

#include <string>
#include <vector>

#include "workspace/org/org_file.h"

namespace baton::workspace::testing {

struct CorpusFile {
  std::string name;
  std::string bytes;
};

// The files of tests/corpus/org_fuzz; ends the program if there are none.
std::vector<CorpusFile> OrgCorpus();

// The file's text put together from its lines, each line from the parts that it was cut into.
// Parts that overlap, or lie outside of their line, end the program.
std::string RebuildOrgText(const org::OrgFile& file);

// Ends the program if a span lies outside of what it belongs to, or a list is not in order.
void CheckOrgStructure(const org::OrgFile& file);

}  // namespace baton::workspace::testing
