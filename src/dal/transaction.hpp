#pragma once

#include <utility>

#include "dal/batch.hpp"

namespace cloacina::dal {

/// A transaction that is rolled back unless it was committed.
class Transaction {
 public:
  explicit Transaction(backend::Session& session) : session_(session) { session_.begin(); }
  ~Transaction() {
    if (open_) session_.rollback();
  }
  Transaction(Transaction const&) = delete;
  Transaction& operator=(Transaction const&) = delete;
  /// See `Session::commit`.
  void commit() {
    session_.commit();
    open_ = false;
  }

 private:
  backend::Session& session_;
  bool open_ = true;
};

/// R1: renews the lease and takes the number. False: the row is not alive, or its number is not the
/// one before.
[[nodiscard]] bool pass_fence(backend::Database& database, backend::Session& session,
                              Fence const& fence);

/// What the error under way means for a batch. Call it in a handler; lets everything pass that is
/// no `Error`.
[[nodiscard]] Outcome outcome_of_current_error();

/// One transaction behind the fence (R1): `work` fills what it did into `Committed`.
template <class Work>
[[nodiscard]] Outcome fenced(backend::Database& database, backend::Session& session,
                             Fence const& fence, Work&& work) {
  try {
    Transaction transaction{session};
    if (!pass_fence(database, session, fence)) return Fenced{};
    Committed committed;
    std::forward<Work>(work)(committed);
    transaction.commit();
    return committed;
  } catch (Error const&) {
    return outcome_of_current_error();
  }
}

}  // namespace cloacina::dal
