// The tables of org files.
#pragma once

#include <span>

#include "storage/migrations.h"

namespace baton::workspace::org::internal {

std::span<const storage::Migration> OrgMigrations();

}  // namespace baton::workspace::org::internal
