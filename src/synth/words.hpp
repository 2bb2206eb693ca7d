#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/random.hpp"

namespace dbnet::synth {

/// What is written in the pictures: the words of a text file, or words, names, numbers, prices,
/// dates, telephone numbers and addresses that are made up (Latin letters). Thread-safe.
class WordSource {
public:
    /// `file`: UTF-8 text, a word or several to a line, at most 100 MB; empty: words are made up.
    /// Throws Error: io, too_large, malformed (not UTF-8, or no word in it; names file and line).
    explicit WordSource(const std::string& file);

    /// 1 to `most` words that may stand beside each other: of one line of the file.
    std::vector<std::string> phrase(std::size_t most, core::Random& random) const;

    /// Words from all over the file, at most `most`: to see whether there are fonts for them.
    std::vector<std::string> excerpt(std::size_t most) const;

private:
    std::vector<std::vector<std::string>> lines_;
};

}  // namespace dbnet::synth
