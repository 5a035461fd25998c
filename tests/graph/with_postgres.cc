// with_postgres COMMAND…: runs the command with PROBE_CHECKPOINTER naming a new, empty
// PostgreSQL database, and ends as it ends.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "storage/testing/postgres_server.h"

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: with_postgres COMMAND…\n";
    return 2;
  }
  auto server = baton::storage::testing::PostgresServer::Start();
  if (!server) {
    std::cerr << server.error().ToString() << '\n';
    return 1;
  }
  const std::string checkpointer = "postgres:" + (*server)->uri();
  const pid_t child = fork();
  if (child == 0) {
    setenv("PROBE_CHECKPOINTER", checkpointer.c_str(), 1);
    execvp(argv[1], argv + 1);
    std::cerr << argv[1] << ": cannot run\n";
    _exit(127);
  }
  int state = 0;
  if (child < 0 || waitpid(child, &state, 0) < 0) return 1;
  return WIFEXITED(state) ? WEXITSTATUS(state) : 1;
}
