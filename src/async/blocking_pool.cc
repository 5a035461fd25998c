#include "async/blocking_pool.h"

namespace baton::async {

BlockingPool::BlockingPool(std::string name, std::size_t threads)
    : name_(std::move(name)), pool_(threads) {}

BlockingPool::~BlockingPool() { pool_.join(); }

}  // namespace baton::async
