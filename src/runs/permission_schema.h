// The tables of permissions, as migrations.
#pragma once

#include <span>

#include "storage/migrations.h"

namespace baton::runs {

// Of the component "permissions".
std::span<const storage::Migration> PermissionMigrations();

}  // namespace baton::runs
