// Any result file either is refused with an Error that puts the blame on it, or its outlines, and
// any others, can be scored by every protocol. The first byte says what the rest is: results or
// annotations as ICDAR has them, our JSON, or coordinates as they lie in memory.
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <dbnet/error.hpp>

#include "core/file.hpp"
#include "eval/breakdown.hpp"
#include "eval/errors.hpp"
#include "eval/evaluation.hpp"
#include "formats/formats.hpp"

namespace {

using namespace dbnet;

/// A folder for as long as the process runs, in memory where there is such a folder.
class Folder {
public:
    Folder() { std::filesystem::create_directories(path_); }
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    const std::string& path() const { return path_; }

private:
    const std::string path_ =
        std::string(std::filesystem::is_directory("/dev/shm") ? "/dev/shm" : "/tmp") +
        "/dbnet-fuzz-" + std::to_string(getpid());
};

std::vector<formats::RecordRegion> read(const char* format, const char* name,
                                        std::span<const std::uint8_t> bytes) {
    static const Folder folder;
    const std::string path = folder.path() + "/" + name;
    core::write_file(path, bytes);
    std::vector<formats::RecordRegion> regions;
    for (formats::Record& record : formats::read_all(*formats::find(format), path))
        for (formats::RecordRegion& region : record.regions) regions.push_back(std::move(region));
    return regions;
}

/// Polygons of raw coordinates; a number that is none ends one.
std::vector<formats::RecordRegion> polygons(std::span<const std::uint8_t> bytes) {
    std::vector<formats::RecordRegion> regions(1);
    for (; bytes.size() >= 8; bytes = bytes.subspan(8)) {
        float point[2];
        std::memcpy(point, bytes.data(), sizeof point);
        if (bytes[0] == 0 && bytes[1] == 0) {
            regions.emplace_back();
            regions.back().ignore = bytes[2] % 4 == 0;
        }
        regions.back().polygon.push_back({point[0], point[1]});
    }
    return regions;
}

/// Every second outline is annotated, every third found.
eval::Sample sample_of(const std::vector<formats::RecordRegion>& regions) {
    constexpr std::size_t kMost = 40;
    eval::Sample sample{"image", {}, {}};
    for (std::size_t i = 0; i < std::min(regions.size(), kMost); ++i) {
        if (i % 2 == 0) sample.truths.push_back({regions[i].polygon, regions[i].ignore});
        if (i % 3 != 1)
            sample.findings.push_back({regions[i].polygon, regions[i].score.value_or(0.5f)});
    }
    return sample;
}

void expect_share(double value) {
    if (!(value >= 0 && value <= 1)) std::abort();
}

void score(const eval::Sample& sample) {
    for (const eval::Protocol& protocol : eval::protocols()) {
        const eval::Evaluation evaluation({sample}, protocol);
        const auto results = evaluation.results(0.3f);
        eval::Totals totals;
        totals.add(results.front());
        expect_share(totals.figures().hmean);
        expect_share(evaluation.average_precision());
        eval::break_down(evaluation, results);
        eval::errors_of(evaluation.overlaps().front(), results.front());
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::span<const std::uint8_t> rest(data + 1, size - 1);
    try {
        switch (data[0] % 4) {
            case 0: score(sample_of(read("icdar", "res_image.txt", rest))); break;
            case 1: score(sample_of(read("icdar", "gt_image.txt", rest))); break;
            case 2: score(sample_of(read("jsonl", "results.jsonl", rest))); break;
            default: score(sample_of(polygons(rest)));
        }
    } catch (const dbnet::Error& error) {
        const auto code = error.code();
        if (code != dbnet::ErrorCode::malformed && code != dbnet::ErrorCode::unsupported &&
            code != dbnet::ErrorCode::too_large)
            std::abort();
    }
    return 0;
}
