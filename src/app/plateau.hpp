#pragma once

#include <cstddef>
#include <vector>

#include "app/tune.hpp"

namespace dbnet::app {

/// The trials whose hmean is within one standard error of the best one's, and the one in the middle
/// of them: each of its settings is the median of theirs, or as near to it as a trial of the
/// plateau is. Ratios and Unclip::exact have nothing between them: only those count that undo the
/// shrinking as the best one does.
struct Plateau {
    std::size_t middle = 0;  ///< index of the trial
    std::size_t size = 0;    ///< trials that belong to it
};

/// `trials`: at least one, by falling hmean.
Plateau plateau_of(const std::vector<Trial>& trials);

}  // namespace dbnet::app
