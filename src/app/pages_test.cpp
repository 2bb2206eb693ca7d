#include "app/pages.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "app/pdf.hpp"
#include "core/error.hpp"
#include "core/file.hpp"
#include "support/images.hpp"
#include "support/temp_dir.hpp"

namespace dbnet::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// A PDF whose page n, 72 x 36 points, has n black bars.
std::string pdf_of(int pages) {
    std::string text = "%PDF-1.4\n";
    std::vector<std::size_t> places;
    const auto add = [&](const std::string& object) {
        places.push_back(text.size());
        text += core::concat(places.size(), " 0 obj\n", object, "\nendobj\n");
    };
    std::string kids;
    for (int page = 0; page < pages; ++page) kids += core::concat(3 + 2 * page, " 0 R ");
    add("<< /Type /Catalog /Pages 2 0 R >>");
    add(core::concat("<< /Type /Pages /Count ", pages, " /Kids [", kids, "] >>"));
    for (int page = 0; page < pages; ++page) {
        std::string bars;
        for (int bar = 0; bar <= page; ++bar) bars += core::concat(4 + 20 * bar, " 8 12 20 re f\n");
        add(core::concat("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 72 36] /Contents ",
                         4 + 2 * page, " 0 R >>"));
        add(core::concat("<< /Length ", bars.size(), " >>\nstream\n", bars, "endstream"));
    }
    const std::size_t table = text.size();
    text += core::concat("xref\n0 ", places.size() + 1, "\n0000000000 65535 f \n");
    for (const std::size_t place : places) {
        std::string digits = std::to_string(place);
        text += std::string(10 - digits.size(), '0') + digits + " 00000 n \n";
    }
    return text + core::concat("trailer\n<< /Size ", places.size() + 1,
                               " /Root 1 0 R >>\nstartxref\n", table, "\n%%EOF\n");
}

class PagesTest : public testing::Test {
protected:
    PagesTest() {
        core::write_file(folder_ / "three.pdf", std::string_view(pdf_of(3)));
        core::write_file(folder_ / "one.pdf", std::string_view(pdf_of(1)));
        core::write_file(folder_ / "broken.pdf", std::string_view("%PDF-1.4 and no more"));
        for (const test::EncodedImage& image : test::encoded_images())
            if (image.name == "pages.tif" || image.name == "colour.png")
                core::write_file(folder_ / image.name, image.bytes);
    }

    /// What results would be called.
    std::vector<std::string> choose(const std::string& file, const std::string& pages = "") {
        PageOptions options;
        if (!pages.empty()) options.ranges = parse_pages(pages);
        sources_ = {{{folder_ / file, file}}, {}};
        choose_pages(options, sources_);
        std::vector<std::string> names;
        for (const Input& input : sources_.inputs) names.push_back(input.relative);
        return names;
    }

    test::TempDir folder_;
    Sources sources_;
};

TEST_F(PagesTest, all_of_a_pdf_and_the_first_of_a_tiff_unless_told_otherwise) {
    EXPECT_THAT(choose("colour.png"), ElementsAre("colour.png"));
    EXPECT_THAT(choose("pages.tif"), ElementsAre("pages.tif"));
    EXPECT_THAT(choose("pages.tif", "all"),
                ElementsAre("pages-p1.tif", "pages-p2.tif", "pages-p3.tif"));
    EXPECT_THAT(choose("pages.tif", "3,1"), ElementsAre("pages-p3.tif", "pages-p1.tif"));
    EXPECT_THAT(choose("one.pdf"), ElementsAre("one.pdf"));
    EXPECT_THAT(choose("three.pdf"), ElementsAre("three-p1.pdf", "three-p2.pdf", "three-p3.pdf"));
    EXPECT_EQ(sources_.inputs[1].shown(), folder_ / "three.pdf#page=2");
    EXPECT_THAT(choose("three.pdf", "2-"), ElementsAre("three-p2.pdf", "three-p3.pdf"));
    EXPECT_THAT(choose("missing.jpg"), ElementsAre("missing.jpg")) << "refused when it is read";
    EXPECT_TRUE(sources_.refused.empty());
    EXPECT_THAT(choose("three.pdf", "7"), ElementsAre());
    EXPECT_THAT(sources_.refused, ElementsAre(HasSubstr("only 3")));
    EXPECT_THAT(choose("broken.pdf"), ElementsAre());
    EXPECT_THAT(sources_.refused, ElementsAre(HasSubstr("broken.pdf: broken or encrypted PDF")));
}

TEST_F(PagesTest, a_page_of_a_pdf_becomes_a_picture) {
    choose("three.pdf");
    for (int bars = 1; bars <= 3; ++bars) {
        const Image page = read_input(sources_.inputs[static_cast<std::size_t>(bars) - 1], {}, 144);
        ASSERT_EQ(page.width(), 144);
        ASSERT_EQ(page.height(), 72);
        for (int bar = 0; bar < 3; ++bar)
            EXPECT_EQ(page.row(36)[3 * (20 + 40 * bar)], bar < bars ? 0 : 255) << bars << bar;
    }
    try {
        read_input(sources_.inputs[0], {.max_pixels = 10'000}, 144);
        ADD_FAILURE() << "read";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::too_large);
        EXPECT_THAT(error.what(), HasSubstr("three.pdf"));
    }
}

TEST_F(PagesTest, a_page_of_a_tiff_is_read_without_a_warning) {
    choose("pages.tif", "2");
    EXPECT_TRUE(read_input(sources_.inputs.at(0), {}, 0).warnings().empty());
}

TEST_F(PagesTest, names_that_look_like_options_are_names) {
    const auto before = std::filesystem::current_path();
    std::filesystem::current_path(folder_.path());
    core::write_file("-v.pdf", std::string_view(pdf_of(2)));
    EXPECT_EQ(count_pdf_pages("-v.pdf"), 2);
    std::filesystem::current_path(before);
}

TEST(Pages, AreReadFromText) {
    const auto count = [](const char* text) { return parse_pages(text).size(); };
    EXPECT_EQ(count("all"), 1u);
    EXPECT_EQ(count("1,3-5,9-"), 3u);
    EXPECT_EQ(parse_pages("3-5")[0].last, 5);
    for (const char* text : {"", "0", "-1", "5-3", "a", "1,", "1-2-3", "99999999999"})
        EXPECT_THROW(parse_pages(text), Error) << text;
}

}  // namespace
}  // namespace dbnet::app
