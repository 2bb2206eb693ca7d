#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "data/holdout.hpp"
#include "data/picture_source.hpp"
#include "formats/formats.hpp"
#include "formats/packed.hpp"

// Data sets: images of a folder and the annotations that belong to them (docs/data.md).
namespace dbnet::data {

enum class Split {
    all,
    train,    ///< what is not in the holdout
    holdout,  ///< what is held back from training
};

std::string_view name_of(Split split);

enum class Unlabelled {
    error,     ///< every image needs its labels
    negative,  ///< an image without labels shows no text
};

struct Size {
    int width = 0;
    int height = 0;
    friend bool operator==(const Size&, const Size&) = default;
};

/// The size at which images enter the augmentation: "720x1280" (height x width), "736" (shorter
/// side) or empty (as they are).
class ResizeRule {
public:
    ResizeRule() = default;
    /// Throws Error{invalid_argument} for any other text, and for sides outside 16 ... 16384.
    static ResizeRule parse(const std::string& text);
    Size apply(Size image) const;
    /// What parse() reads as the same rule.
    std::string to_string() const;
    friend bool operator==(const ResizeRule&, const ResizeRule&) = default;

private:
    int height_ = 0;  ///< the shorter side if width_ is 0
    int width_ = 0;
};

/// The format of images that show no text.
inline constexpr std::string_view kNoText = "none";
/// The format of images of whose text nobody knows: only a teacher can say what they show.
inline constexpr std::string_view kUnlabelled = "unlabelled";

/// Whether images of this format come without labels.
constexpr bool is_without_labels(std::string_view format) {
    return format == kNoText || format == kUnlabelled;
}

/// What a user says about a data set.
struct DatasetSpec {
    /// Of the annotations: a name of formats::all(), kNoText or kUnlabelled; empty: as
    /// recognised().
    std::string format;
    std::string images;  ///< folder, or an archive or a folder in one (data/archive.hpp)
    /// Folder, or the file of formats with one; empty: where the format has it.
    std::string labels = {};
    Split split = Split::all;
    double weight = 1;  ///< how often each image comes in an epoch, on average
    Holdout holdout = {};
    ResizeRule resize = {};
    Unlabelled unlabelled = Unlabelled::error;
    bool strict = false;  ///< what cannot be used of the annotations is an error
    /// If set, the pictures are made, not read: `format`, `labels` and `unlabelled` do not matter,
    /// and `images` is what messages call the source.
    std::shared_ptr<const PictureSource> source = {};
};

struct LabelledImage {
    std::string image;                    ///< path
    std::string labels;                   ///< path; empty: there are none, and that is right
    formats::PackedRegions regions = {};  ///< of formats with one file for all images
    std::uint64_t number = 0;             ///< of a picture that is made
    Size annotated = {};    ///< what a common label file says of the image's size; zeros: nothing
    std::size_t line = 0;   ///< of the common label file, if that has lines
    bool relative = false;  ///< the regions are parts of the image's size
};

/// What results call the image: its file name without the extension.
std::string name_of(const LabelledImage& image);

/// The images of the split, sorted by path (made ones: by number), and what stands in the way of
/// using all of them: an image without labels, a label file that names no image, a name that two
/// images have.
struct Listing {
    std::vector<LabelledImage> images;
    std::vector<std::string> problems;
    /// Parts of a label file for all images that cannot be used: malformed, or of an image that is
    /// not there or was there before. The others can be.
    std::vector<std::string> unusable;
    std::size_t more_unusable = 0;  ///< than the first 10,000
    /// Label files without an image and images that the common label file does not name: nobody
    /// misses them, but they may be slips.
    std::vector<std::string> unused;
    /// What a label file for all images has and is no text by design, with how often: "a circle".
    std::map<std::string, std::size_t> ignored;

    void add_unusable(std::string what);
};

/// Upright size in pixels, of JPEG without decoding it. Throws as Image::read.
Size upright_size(const std::string& image);

/// Fills in the format, and where the labels are, from the files if they are not given, and says
/// what was taken and why. Throws Error: malformed (nothing can be recognised), io.
DatasetSpec recognised(DatasetSpec spec,
                       const std::function<void(const std::string& what)>& say = {});

/// Of a specification with a format. Throws Error: invalid_argument (an unknown format, no place to
/// look for labels), io (a folder or file that cannot be read), malformed (an annotation file for
/// all images, if nothing of it can be used; malformed parts of it are problems).
Listing list_images(const DatasetSpec& spec);

/// Where the labels of an image are looked for if nobody says so; empty: nowhere. Throws
/// Error{invalid_argument} when the folder's name has no place for them (icdar).
std::string usual_labels(const std::string& format, const std::string& image);

/// A data set that can be used.
class Dataset {
public:
    /// As recognised() and list_images(); an empty split is an error, too (malformed). Problems
    /// cost what they are about and are logged; if the specification is strict, they are errors.
    explicit Dataset(DatasetSpec spec);

    const DatasetSpec& spec() const noexcept { return spec_; }
    const std::vector<LabelledImage>& images() const noexcept { return images_; }

    /// Leaves out all but the first `count` images.
    void keep_first(std::size_t count);

private:
    void report_unusable(const Listing& listing) const;

    DatasetSpec spec_;
    std::vector<LabelledImage> images_;
};

/// The annotations of an image, read from its file if it has one of its own. Malformed parts are
/// logged and left out, unless the specification is strict. Throws as formats::Format::read does.
std::vector<formats::RecordRegion> read_labels(const DatasetSpec& spec, const LabelledImage& image);

/// As read_labels(), with what the annotations say of the image's size and, of formats with one
/// file for all images, the line. Malformed parts of a file
/// of the image's own go to `take_problem`, if there is one, and are left out; what is no text by
/// design goes to `take_ignored`.
formats::Record read_record(const DatasetSpec& spec, const LabelledImage& image,
                            const formats::RecordSink::TakeProblem& take_problem = {},
                            const formats::RecordSink::TakeIgnored& take_ignored = {});

/// The image and its annotations, read or made. Throws as Image::read and read_labels do.
Picture read_picture(const DatasetSpec& spec, const LabelledImage& image);

}  // namespace dbnet::data
