#include "app/data_check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include <nlohmann/json.hpp>

#include <dbnet/error.hpp>

#include "core/file.hpp"
#include "support/images.hpp"
#include "support/temp_dir.hpp"

namespace dbnet::app {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// A data set that a test fills: images of 100x60 in images/, labels in gts/.
class Files {
public:
    Files() {
        std::filesystem::create_directories(folder_ / "images");
        std::filesystem::create_directories(folder_ / "gts");
    }
    void image(const std::string& name) const {
        test::picture(100, 60).write(folder_ / ("images/" + name));
    }
    void write(const std::string& name, std::string_view content) const {
        core::write_file(folder_ / name, content);
    }
    /// An image with ICDAR labels.
    void labelled(const std::string& stem, std::string_view labels) const {
        image(stem + ".png");
        write("gts/gt_" + stem + ".txt", labels);
    }
    std::string operator/(const std::string& name) const { return folder_ / name; }
    data::DatasetSpec icdar() const { return {"icdar", folder_ / "images"}; }

    /// The path below the folder.
    std::string relative(const std::string& path) const {
        return std::filesystem::path(path).lexically_relative(folder_.path()).string();
    }

private:
    test::TempDir folder_;
};

struct Checked {
    std::vector<Finding> findings;
    DataCheckSummary summary;
};

Checked check(const data::DatasetSpec& spec, int threads = 2) {
    Checked checked;
    DataCheckHooks hooks;
    hooks.on_finding = [&](const Finding& finding) { checked.findings.push_back(finding); };
    hooks.progress = [](std::size_t, std::size_t) {};
    hooks.interrupted = [] { return false; };
    checked.summary = check_data({spec}, {}, threads, hooks);
    return checked;
}

/// "gts/gt_a.txt:3 error crossing"
std::vector<std::string> listed(const Files& files, const std::vector<Finding>& findings) {
    std::vector<std::string> lines;
    for (const Finding& finding : findings) {
        std::string line = files.relative(finding.file);
        if (finding.line != 0) line.append(":").append(std::to_string(finding.line));
        line.append(" ").append(to_string(finding.severity)).append(" ").append(finding.kind);
        lines.push_back(line);
    }
    return lines;
}

std::vector<std::string> findings_of(const Files& files, const data::DatasetSpec& spec) {
    return listed(files, check(spec).findings);
}

TEST(DataCheck, nothing_is_said_of_a_data_set_in_order) {
    const Files files;
    files.labelled("a", "10,10,50,10,50,30,10,30,x\n0,0,100,0,100,9,0,9,###\n");
    files.labelled("b", "10,10,50,10,50,30,10,30,x\r\n");
    const Checked checked = check(files.icdar());
    EXPECT_THAT(checked.findings, IsEmpty());
    EXPECT_EQ(checked.summary.images, 2u);
    EXPECT_EQ(checked.summary.usable, 2u);
    EXPECT_EQ(checked.summary.texts, 3u);
    EXPECT_EQ(checked.summary.ignored, 1u);
}

TEST(DataCheck, every_text_is_judged_with_its_line) {
    const Files files;
    files.labelled("a",
                   "10,10,50,10,50,30,10,30,fine\n"
                   "10,10,50,10\n"
                   "10,10,50,30,50,10,10,30,bow tie\n"
                   "10,10,20,10,30,10,40,10,flat\n"
                   "10,40,50,40,50,50,50,50,three corners\n"
                   "-20,10,20,10,20,30,-20,30,partly\n"
                   "200,10,220,10,220,30,200,30,wholly\n"
                   "10,30,20,30,20,35,10,35,small\n"
                   "10,30,20,30,20,35,10,35,###\n"
                   "a,b,c,d,e,f,g,h,words\n");
    EXPECT_THAT(findings_of(files, files.icdar()),
                ElementsAre("gts/gt_a.txt:2 error malformed", "gts/gt_a.txt:10 error malformed",
                            "gts/gt_a.txt:6 warning beyond", "gts/gt_a.txt:7 error outside",
                            "gts/gt_a.txt:3 error crossing", "gts/gt_a.txt:4 error area",
                            "gts/gt_a.txt:5 warning points", "gts/gt_a.txt:8 note small",
                            "gts/gt_a.txt:9 warning duplicate"));
}

TEST(DataCheck, images_that_cannot_be_used_are_named) {
    const Files files;
    files.labelled("good", "10,10,50,10,50,30,10,30,x\n");
    files.image("cut.png");
    const auto whole = core::read_file(files / "images/cut.png");
    core::write_file(files / "images/cut.png", std::span(whole).first(whole.size() / 2));
    for (const char* stem : {"cut", "empty", "words"})
        files.write(std::string("gts/gt_") + stem + ".txt", "10,10,50,10,50,30,10,30,x\n");
    files.write("images/empty.jpg", "");
    files.write("images/words.png", "no picture");
    const Checked checked = check(files.icdar());
    EXPECT_THAT(listed(files, checked.findings),
                ElementsAre("images/cut.png error image", "images/empty.jpg error image",
                            "images/words.png error image"));
    EXPECT_EQ(checked.summary.images, 4u);
    EXPECT_EQ(checked.summary.usable, 1u);
    EXPECT_EQ(checked.summary.errors, 3u);
}

TEST(DataCheck, images_and_labels_must_belong_together) {
    const Files files;
    files.labelled("a", "10,10,50,10,50,30,10,30,x\n");
    files.image("a.jpg");
    files.image("b.png");
    files.write("gts/gt_c.txt", "10,10,50,10,50,30,10,30,x\n");
    files.write("gts/readme.md", "");
    files.labelled("d", "");
    files.labelled("e", "\n");
    EXPECT_THAT(findings_of(files, files.icdar()),
                ElementsAre("images/a.png error listing", "images/b.png error listing",
                            "gts/gt_c.txt warning unused", "gts/gt_d.txt warning no-text",
                            "images/e.png note no-text"));
}

TEST(DataCheck, labels_for_another_image_are_told_once) {
    const Files files;
    files.labelled("a",
                   "200,100,300,100,300,150,200,150,x\n"
                   "20,10,30,10,30,20,20,20,y\n"
                   "20,100,30,100,30,120,20,120,z\n");
    EXPECT_THAT(findings_of(files, files.icdar()), ElementsAre("gts/gt_a.txt error size"));

    const Files other;
    other.image("a.png");
    other.image("b.png");
    other.write("images/Label.jsonl",
                R"({"schema":1,"image":"a.png","width":60,"height":100,"regions":[]})"
                "\n"
                R"({"schema":1,"image":"b.png","width":100,"height":60,"regions":[]})"
                "\n");
    const Checked checked = check({"jsonl", other / "images", other / "images/Label.jsonl"});
    ASSERT_EQ(checked.findings.size(), 4u);  // two without text, so that nothing is to be learnt
    EXPECT_EQ(checked.findings[3].kind, "nothing");
    EXPECT_EQ(checked.findings[1].kind, "size");
    EXPECT_NE(checked.findings[1].message.find("turned"), std::string::npos);
}

TEST(DataCheck, a_common_label_file_is_read_to_its_end) {
    const Files files;
    for (const char* name : {"a.png", "b.png", "c.png"}) files.image(name);
    files.write("images/Label.txt",
                "a.png\t[{\"transcription\":\"x\",\"points\":[[10,10],[50,30],[50,10],[10,30]]},"
                "{\"transcription\":\"x\",\"points\":[[10,10]]}]\n"
                "gone.png\t[]\n"
                "broken\n"
                "b.png\t[{\"transcription\":\"x\",\"points\":[[10,10],[50,10],[50,30],[10,30]]}]\n"
                "b.png\t[]\n");
    EXPECT_THAT(findings_of(files, {"paddle", files / "images"}),
                ElementsAre("images/Label.txt:1 error listing", "images/Label.txt:2 error listing",
                            "images/Label.txt:3 error listing", "images/Label.txt:5 error listing",
                            "images/c.png warning unused", "images/Label.txt:1 error crossing"));
}

TEST(DataCheck, kinds_of_images_are_noted) {
    const Files files;
    const auto add = [&](const std::vector<test::EncodedImage>& images, const std::string& name) {
        const auto found = std::ranges::find(images, name, &test::EncodedImage::name);
        ASSERT_NE(found, images.end()) << name;
        core::write_file(files / ("images/" + name), found->bytes);
        const std::string stem = std::filesystem::path(name).stem();
        files.write("gts/gt_" + stem + ".txt", "1,1,20,1,20,12,1,12,x\n");
    };
    add(test::encoded_images(), "cmyk_adobe.jpg");
    add(test::encoded_images(), "grey.png");
    add(test::encoded_images(), "alpha.webp");
    add(test::oriented_images(), "orientation6.jpg");
    EXPECT_THAT(findings_of(files, files.icdar()),
                ElementsAre("images/alpha.webp note colour", "images/cmyk_adobe.jpg note colour",
                            "images/grey.png note colour", "images/orientation6.jpg note turned"));
}

TEST(DataCheck, findings_do_not_depend_on_the_threads) {
    const Files files;
    for (int i = 0; i < 30; ++i)
        files.labelled(std::to_string(i), i % 3 == 0 ? "" : "10,10,50,30,50,10,10,30,x\n");
    const auto one = listed(files, check(files.icdar(), 1).findings);
    EXPECT_EQ(one.size(), 30u);
    EXPECT_EQ(one, listed(files, check(files.icdar(), 5).findings));
}

TEST(DataCheck, hostile_labels_take_no_time) {
    const Files files;
    std::string labels;
    for (int i = 0; i < 50'000; ++i) labels += "10,10,50,10,50,30,10,30,x\n";
    files.labelled("a", labels);
    EXPECT_EQ(check(files.icdar()).findings.size(), 49'999u);  // duplicates
}

TEST(DataCheck, what_cannot_be_listed_is_an_error) {
    const Files files;
    EXPECT_THROW(check({"icdar", files / "nowhere"}), Error);
    EXPECT_THROW(check({"unknown", files / "images"}), Error);
    EXPECT_EQ(check(files.icdar()).summary.images, 0u);
}

TEST(DataCheck, findings_are_written_as_json) {
    const test::TempDir folder;
    const std::string path = folder / "findings.json";
    for (const std::size_t count : {0, 2}) {
        FindingsFile file(path);
        DataCheckSummary summary;
        summary.images = 7;
        for (std::size_t i = 0; i < count; ++i)
            file.add({Severity::warning, "image", "a\"\xff.png", i, "is odd"});
        file.finish(summary);
        const auto bytes = core::read_file(path);
        const auto json = nlohmann::json::parse(bytes.begin(), bytes.end());
        EXPECT_EQ(json["images"], 7);
        EXPECT_EQ(json["complete"], true);
        ASSERT_EQ(json["findings"].size(), count);
        if (count == 0) continue;
        EXPECT_EQ(json["findings"][0]["severity"], "warning");
        EXPECT_FALSE(json["findings"][0].contains("line"));
        EXPECT_EQ(json["findings"][1]["line"], 1);
    }
}

}  // namespace
}  // namespace dbnet::app
