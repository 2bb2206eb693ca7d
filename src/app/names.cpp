#include "app/names.hpp"

#include <algorithm>

namespace dbnet::app {
namespace {

/// Insertions, deletions, replacements and swaps of neighbours that lead from one to the other
/// (optimal string alignment).
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::vector<std::size_t>> cost(a.size() + 1,
                                               std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i)
        for (std::size_t j = 0; j <= b.size(); ++j) {
            if (i == 0 || j == 0) {
                cost[i][j] = i + j;
                continue;
            }
            const std::size_t replaced = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            cost[i][j] = std::min({replaced, cost[i - 1][j] + 1, cost[i][j - 1] + 1});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
        }
    return cost[a.size()][b.size()];
}

}  // namespace

std::string_view nearest(std::string_view name, const std::vector<std::string_view>& available) {
    constexpr std::size_t kLongest = 64;  // nobody types a longer name by mistake
    if (name.size() > kLongest) return {};
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
