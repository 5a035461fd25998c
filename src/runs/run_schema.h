// The tables of runs/.
#pragma once

#include <span>

#include "storage/migrations.h"

namespace baton::runs {

// In order; never changed once released, only added to.
std::span<const storage::Migration> RunMigrations();

}  // namespace baton::runs
