#include "core/zone_file.hpp"

#include <algorithm>
#include <iterator>
#include <vector>

#include <cloacina/error.hpp>

#include "core/sabotage.hpp"
#include "core/zone_rule.hpp"

namespace cloacina {
namespace {

using namespace std::chrono;

class ZoneFile : public TimeZone {
 public:
  /// From `begin` on clocks are by `offset` before UTC.
  struct Change {
    sys_seconds begin;
    seconds offset;
  };

  /// The first change is before all instants; the rule holds from the last one on.
  ZoneFile(std::vector<Change> changes, std::optional<ZoneRule> const& rule)
      : changes_(std::move(changes)), rule_(rule) {}

  [[nodiscard]] ZonePeriod period_at(sys_seconds instant) const override {
    static bool const never_change = is_sabotaged("utc_offsets");  // for the trial cron_walk
    auto const period = true_period_at(instant);
    if (never_change) return {sys_seconds::min(), sys_seconds::max(), period.offset};
    return period;
  }

 private:
  [[nodiscard]] ZonePeriod true_period_at(sys_seconds instant) const {
    auto const next =
        std::upper_bound(changes_.begin(), changes_.end(), instant,
                         [](sys_seconds at, Change const& change) { return at < change.begin; });
    auto const& current = *std::prev(next);
    if (next != changes_.end()) return {current.begin, next->begin, current.offset};
    if (!rule_) return {current.begin, sys_seconds::max(), current.offset};
    auto period = rule_->period_at(instant);
    period.begin = std::max(period.begin, current.begin);
    return period;
  }

  std::vector<Change> changes_;
  std::optional<ZoneRule> rule_;
};

/// Takes parts off the front of a file.
class Bytes {
 public:
  explicit Bytes(std::string_view all) : rest_(all) {}

  std::string_view take(std::size_t count) {
    if (count > rest_.size()) throw ValidationError("ends too early");
    auto const taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }

  /// The most significant byte first; those of 4 bytes are signed as well.
  std::int64_t number(std::size_t size) {
    std::uint64_t number = 0;
    for (char const c : take(size)) number = number << 8 | static_cast<unsigned char>(c);
    return size == 4 ? static_cast<std::int32_t>(number) : static_cast<std::int64_t>(number);
  }
  std::size_t count() { return static_cast<std::uint32_t>(number(4)); }

  [[nodiscard]] std::string_view rest() const noexcept { return rest_; }

 private:
  std::string_view rest_;
};

struct Header {
  char version;
  std::size_t universal, standard, leaps, times, types, letters;

  static Header read(Bytes& bytes) {
    if (bytes.take(4) != "TZif") throw ValidationError("does not begin as a zone file");
    auto const version = bytes.take(16).front();
    Header header{version, 0, 0, 0, 0, 0, 0};
    for (auto* const count : {&header.universal, &header.standard, &header.leaps, &header.times,
                              &header.types, &header.letters})
      *count = bytes.count();
    return header;
  }
};

constexpr std::size_t type_size = 6;

/// A file says everything first in the first version's form, for programs of those days.
void skip_old_form(Bytes& bytes, Header const& header) {
  bytes.take(header.times * 5 + header.types * type_size + header.letters + header.leaps * 8 +
             header.standard + header.universal);
}

std::vector<ZoneFile::Change> read_changes(Bytes& bytes, Header const& header,
                                           std::size_t time_size) {
  Bytes times{bytes.take(header.times * time_size)};
  auto const types = bytes.take(header.times);
  auto const descriptions = bytes.take(header.types * type_size);
  auto const offset_of = [&](char type) {
    auto const at = static_cast<std::size_t>(static_cast<unsigned char>(type)) * type_size;
    if (at >= descriptions.size()) throw ValidationError("names a kind of time that it lacks");
    return seconds{Bytes{descriptions.substr(at, type_size)}.number(4)};
  };

  std::vector<ZoneFile::Change> changes{{sys_seconds::min(), offset_of('\0')}};
  auto last = sys_seconds::min();
  for (std::size_t i = 0; i < types.size(); ++i) {
    sys_seconds const begin{seconds{times.number(time_size)}};
    if (begin <= last) throw ValidationError("has changes that are not in order");
    last = begin;
    // Often only the name of the time changes; of the last one it matters when it was, for the
    // rule.
    auto const offset = offset_of(types[i]);
    if (offset != changes.back().offset || i + 1 == types.size())
      changes.push_back({begin, offset});
  }
  bytes.take(header.letters + header.standard + header.universal);
  return changes;
}

std::optional<ZoneRule> read_rule(std::string_view footer) {
  if (footer.size() < 2 || footer.front() != '\n' || footer.find('\n', 1) == footer.npos)
    throw ValidationError("ends too early");
  auto const text = footer.substr(1, footer.find('\n', 1) - 1);
  if (text.empty()) return std::nullopt;
  auto const rule = ZoneRule::parse(text);
  if (!rule) throw ValidationError("ends with a rule that cannot be read");
  return rule;
}

}  // namespace

std::shared_ptr<TimeZone const> read_zone_file(std::string_view all) {
  Bytes bytes{all};
  auto header = Header::read(bytes);
  bool const is_first_version = header.version == '\0';
  if (!is_first_version) {
    skip_old_form(bytes, header);
    header = Header::read(bytes);
  }
  // Those of the directory `right`: no clock of ours counts so.
  if (header.leaps != 0) throw ValidationError("counts leap seconds, which UTC's clocks do not");
  auto changes = read_changes(bytes, header, is_first_version ? 4 : 8);
  auto const rule = is_first_version ? std::nullopt : read_rule(bytes.rest());
  return std::make_shared<ZoneFile>(std::move(changes), rule);
}

}  // namespace cloacina
