#include "backend/reader_pool.hpp"

namespace cloacina::backend {

Database::Reader ReaderPool::take() {
  std::unique_ptr<Session> session;
  {
    std::unique_lock lock{mutex_};
    returned_.wait(lock, [this] { return lent_ < most_; });
    idle_.reserve(idle_.size() + lent_ + 1);  // so that giving back never allocates
    ++lent_;
    if (!idle_.empty()) {
      session = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  try {
    if (!session) session = make_();
    auto give_back = [pool = shared_from_this()](Session* used) {
      pool->give_back(std::unique_ptr<Session>{used});
    };
    std::function<void(Session*)> deleter{std::move(give_back)};
    return {session.release(), std::move(deleter)};
  } catch (...) {
    give_back(nullptr);
    throw;
  }
}

void ReaderPool::give_back(std::unique_ptr<Session> session) noexcept {
  if (session) session->rollback();
  std::vector<std::unique_ptr<Session>> dropped;
  {
    std::lock_guard lock{mutex_};
    --lent_;
    if (session && session->broken()) {
      dropped.swap(idle_);  // what has ended it has ended them
    } else if (session) {
      idle_.push_back(std::move(session));
    }
  }
  returned_.notify_one();
}

}  // namespace cloacina::backend
