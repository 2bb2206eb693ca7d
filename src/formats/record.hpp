#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <dbnet/error.hpp>
#include <dbnet/region.hpp>

// What every format is read into and written from: one image and the text that was found or marked
// in it. Coordinates are those of dbnet/region.hpp: continuous, of the upright image.
namespace dbnet::formats {

/// One piece of text. A reader fills what its file says; `polygon` it always fills, from the quad
/// or the rect where there is no polygon.
struct RecordRegion {
    Polygon polygon;                  ///< outline, at least 3 vertices
    std::optional<Quad> quad = {};    ///< minimum-area rectangle
    std::optional<Rect> rect = {};    ///< axis-aligned box
    std::optional<float> score = {};  ///< [0, 1]
    std::string text = {};            ///< transcription; empty: unknown
    bool ignore = false;              ///< "don't care": illegible, neither right nor wrong to find
    std::size_t line = 0;             ///< of the file that it was read from, if that has lines
};

/// A contour of the binarised map and what became of it.
struct RecordCandidate {
    std::string verdict;  ///< "accepted", "low_score", ...
    std::string reason;   ///< for a person
    Polygon contour;
    double score = 0;
    double short_side = 0;  ///< map pixels
};

struct Record {
    std::string image;  ///< path as the user gave it; a stem where the format has no more
    int width = 0;      ///< of the upright image in pixels; 0: unknown
    int height = 0;
    /// Coordinates are parts of the image's width and height, which the file does not say.
    bool relative = false;
    std::vector<RecordRegion> regions = {};
    std::vector<std::string> aliases = {};  ///< what the image may be called as well
    std::vector<RecordCandidate> candidates = {};
    std::vector<std::string> warnings = {};
    std::map<std::string, double> timing_ms = {};  ///< by step
    std::size_t line = 0;  ///< of the file that it was read from, if that has lines
    double map_pixel = 0;  ///< image pixels per pixel of the probability map; 0: unknown
};

/// Takes one record after the other and, if asked to, what is wrong with a file and what in it is
/// no text by design.
class RecordSink {
public:
    using Take = std::function<void(Record&&)>;
    using TakeProblem = std::function<void(const Error&)>;
    using TakeIgnored = std::function<void(std::string_view what)>;

    /// A file with more unusable parts than this is not of the format.
    static constexpr std::size_t kMostProblems = 10'000;
    /// More texts than any image has: what has them is hostile or not of the format.
    static constexpr std::size_t kMostTexts = 100'000;

    template <std::invocable<Record&&> Callable>
    RecordSink(Callable take) : take_(std::move(take)) {}
    /// Malformed parts of a file go to `take_problem` and are left out; otherwise the first one
    /// ends the reading. What is left out on purpose goes to `take_ignored`: "a circle".
    RecordSink(Take take, TakeProblem take_problem, TakeIgnored take_ignored = {})
        : take_(std::move(take)),
          take_problem_(std::move(take_problem)),
          take_ignored_(std::move(take_ignored)) {}

    /// The same sink with another way for the records.
    RecordSink with(Take take) const { return {std::move(take), take_problem_, take_ignored_}; }

    void operator()(Record&& record) const { take_(std::move(record)); }

    /// For readers: reads a part of a file that the others can do without, a line or a text. More
    /// than kMostProblems malformed ones end the reading with Error{too_large}.
    template <std::invocable Read>
    void part(Read read) const {
        try {
            read();
        } catch (const Error& error) {
            if (!take_problem_ || error.code() != ErrorCode::malformed) throw;
            take_problem_(error);
            count_problem();
        }
    }

    /// For readers: adds a text, without a last point that only repeats the first. Throws
    /// Error{too_large} for more than kMostTexts.
    static void add(Record& record, RecordRegion&& region);

    /// For readers: something that the format has, and that is no text to find.
    void ignore(std::string_view what) const {
        if (take_ignored_) take_ignored_(what);
    }

private:
    void count_problem() const;

    Take take_;
    TakeProblem take_problem_;
    TakeIgnored take_ignored_;
    mutable std::size_t problems_ = 0;
};

/// Which outline of a region is written. `standard`: what suits the format (docs/formats.md).
enum class Shape { standard, quad, polygon, rect };

/// The corners, clockwise from the top-left one.
Polygon corners(const Rect& rect);

/// The outline in that shape; `standard` is the format's own choice for Shape::standard. A region
/// without a quad gives its polygon instead, one without a rect the polygon's bounding box.
Polygon outline(const RecordRegion& region, Shape shape, Shape standard);

}  // namespace dbnet::formats
