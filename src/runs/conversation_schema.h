// The tables of conversations; conversation_schema.cc describes their columns.
#pragma once

#include <span>

#include "storage/migrations.h"

namespace baton::runs {

// Component "conversations", brought up after "runs", whose messages it indexes.
std::span<const storage::Migration> ConversationMigrations();

}  // namespace baton::runs
