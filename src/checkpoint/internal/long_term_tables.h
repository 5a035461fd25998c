// The tables of the long-term store.
#pragma once

#include <span>

#include "storage/migrations.h"

namespace baton::checkpoint::internal {

// Of the component "long_term". docs/long-term-store.md describes them.
std::span<const storage::Migration> LongTermMigrations();

}  // namespace baton::checkpoint::internal
