// SynthText's gt.mat, one file for all images: the cell arrays imnames, wordBB (2 x 4 x words: the
// corners of each word, x before y) and txt (rows of characters; blanks and line ends divide them
// into the words, in the same order). The three are gone through side by side, each by a stream of
// its own, so that memory does not grow with the file, which has 858,750 images and 2 GB.
#include <algorithm>
#include <cmath>
#include <sstream>

#include "core/error.hpp"
#include "formats/mat.hpp"
#include "formats/registry.hpp"
#include "formats/sample.hpp"
#include "formats/text.hpp"

namespace dbnet::formats {
namespace {

constexpr std::size_t kCorners = 4;

std::vector<std::string> words_of(const MatArray& text) {
    std::vector<std::string> words;
    for (const std::string& line : text.lines()) {
        std::istringstream in(line);
        in.imbue(std::locale::classic());
        for (std::string word; in >> word;) words.push_back(std::move(word));
    }
    return words;
}

Record record_of(const MatArray& name, const MatArray& boxes, const MatArray& text,
                 const Input& input, const RecordSink& sink) {
    Record record{name.text()};
    const auto fail = [&](const auto&... what) {
        core::fail(ErrorCode::malformed, input.path, ": ", record.image, ": ", what...);
    };
    if (record.image.empty()) fail("an image without a name");
    const std::vector<double>& numbers = boxes.numbers;
    if (numbers.size() % (2 * kCorners) != 0 || (!numbers.empty() && boxes.rows() != 2))
        fail("wordBB is not of 2 x 4 x words");
    const std::vector<std::string> words = words_of(text);
    const std::size_t count = numbers.size() / (2 * kCorners);
    if (words.size() != count)
        sink.part([&] {
            fail("has ", words.size(), " words and ", count,
                 " boxes: the boxes are used, without words");
        });
    for (std::size_t i = 0; i < count; ++i)
        sink.part([&] {
            RecordRegion region;
            for (std::size_t corner = 0; corner < kCorners; ++corner) {
                const double* const at = numbers.data() + 2 * (kCorners * i + corner);
                if (!(std::abs(at[0]) <= kMaxCoordinate && std::abs(at[1]) <= kMaxCoordinate))
                    fail("word ", i + 1, " has a coordinate out of range");
                region.polygon.push_back({at[0], at[1]});
            }
            if (words.size() == count) region.text = words[i];
            RecordSink::add(record, std::move(region));
        });
    return record;
}

void read(const Input& input, const RecordSink& sink) {
    const MatFile file(input);
    const auto cells = [&](std::string_view name) {
        std::optional<MatCells> found = file.cells(name);
        if (!found)
            core::fail(ErrorCode::malformed, input.path, ": has no variable ", name,
                       ", expected imnames, wordBB and txt");
        return std::move(*found);
    };
    MatCells names = cells("imnames");
    MatCells boxes = cells("wordBB");
    MatCells texts = cells("txt");
    if (names.count() != boxes.count() || names.count() != texts.count())
        core::fail(ErrorCode::malformed, input.path,
                   ": imnames, wordBB and txt have different numbers of images");
    for (std::size_t i = 0; i < names.count(); ++i) {
        const MatArray name = names.next();
        const MatArray box = boxes.next();
        const MatArray text = texts.next();
        sink.part([&] { sink(record_of(name, box, text, input, sink)); });
    }
}

Likeness recognise(const Sample& sample) {
    if (!sample.files.front().path.ends_with(".mat")) return {};
    const std::vector<std::string> names = MatFile(sample.files.front()).names();
    for (const std::string_view name : {"imnames", "wordBB", "txt"})
        if (std::ranges::find(names, name) == names.end()) return {};
    return {95, "a MATLAB file with imnames, wordBB and txt"};
}

}  // namespace

constinit const Format kSynthtextFormat{
    .name = "synthtext",
    .prefix = "",
    .extension = ".mat",
    .read = read,
    .recognise = recognise,
    .labels = {.scope = LabelFiles::Scope::common, .extensions = {".mat"}, .usual = "gt.mat"},
    .holds = {.words = true},
    .used_by = "SynthText in the wild",
    .illegible = "nothing"};

}  // namespace dbnet::formats
