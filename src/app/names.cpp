#include "app/names.hpp"

#include <algorithm>
#include <numeric>

namespace dbnet::app {
namespace {

/// Levenshtein's distance: insertions, deletions and replacements that lead from one to the other.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i + 1);
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
        }
    }
    return row.back();
}

}  // namespace

std::string_view nearest(std::string_view name, const std::vector<std::string_view>& available) {
    std::string_view best;
    std::size_t best_distance = std::max<std::size_t>(1, name.size() / 3) + 1;
    for (const std::string_view candidate : available) {
        const std::size_t distance = edit_distance(name, candidate);
        if (distance >= best_distance) continue;
        best = candidate;
        best_distance = distance;
    }
    return best;
}

std::string unknown_name(std::string_view kind, std::string_view name,
                         const std::vector<std::string_view>& available) {
    std::string message = core::concat("unknown ", kind, " '", name, "'");
    const std::string_view guess = nearest(name, available);
    if (!guess.empty()) message += core::concat(": did you mean '", guess, "'?");
    std::string_view separator = guess.empty() ? "; available: " : " Available: ";
    for (const std::string_view candidate : available) {
        message.append(separator).append(candidate);
        separator = ", ";
    }
    return message;
}

}  // namespace dbnet::app
