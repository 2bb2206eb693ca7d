#pragma once

#include <string>
#include <vector>

// Which images of a data set are held back from training, to measure on them what was learnt from
// the others (docs/data.md).
namespace dbnet::data {

/// Below so many images one in ten is too little to measure anything on.
inline constexpr std::size_t kFewImages = 50;

class Holdout {
public:
    /// By the number of images: of kFewImages and more those whose number (the last one in the
    /// name; without one: the place in the sorted list, from 1) is a multiple of 10, of fewer every
    /// fourth in the sorted list.
    Holdout() = default;

    /// "2/4": the second of four parts, which are every fourth image in the sorted list, from the
    /// first, the second, ...; else the names of images, "a,b.jpg", with or without extension;
    /// empty: as Holdout(). Throws Error{invalid_argument} for parts that are none.
    static Holdout parse(const std::string& text);

    /// What parse() reads as the same rule.
    std::string to_string() const;

    /// Which of the images, given by their paths in the order of the list, are held back. Throws
    /// Error{invalid_argument} for a name that no image has.
    std::vector<bool> apply(const std::vector<std::string>& images) const;

    friend bool operator==(const Holdout&, const Holdout&) = default;

private:
    std::size_t part_ = 0;  ///< from 1; 0: no parts
    std::size_t parts_ = 0;
    std::vector<std::string> names_;
};

}  // namespace dbnet::data
