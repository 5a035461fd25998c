// The tables of background tasks.
#pragma once

#include <span>

#include "storage/migrations.h"

namespace baton::runs::tasks {

std::span<const storage::Migration> TaskMigrations();

}  // namespace baton::runs::tasks
