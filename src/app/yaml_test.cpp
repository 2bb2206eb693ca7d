#include "app/yaml.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>

#include <dbnet/error.hpp>

#include "core/file.hpp"
#include "support/temp_dir.hpp"

namespace dbnet::app {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using Kind = YamlNode::Kind;

std::string message_of(const std::function<void()>& call) {
    try {
        call();
    } catch (const Error& error) {
        return error.what();
    }
    return "(no error)";
}

std::string message_of_text(const std::string& text) {
    return message_of([&] { parse_yaml(text, "x.yaml"); });
}

class YamlFiles : public testing::Test {
protected:
    std::string write(const std::string& name, const std::string& text) {
        const std::string path = folder_ / name;
        std::filesystem::create_directories(std::filesystem::path(path).parent_path());
        core::write_file(path, text);
        return path;
    }

    test::TempDir folder_;
};

TEST(Yaml, has_values_with_their_places) {
    const YamlNode root =
        parse_yaml("# comment\na: 1\nb:\n  c: [x, 'y z']\n  d:\n  - e: ~\n", "x.yaml");
    ASSERT_EQ(root.kind, Kind::map);
    EXPECT_EQ(root.find("a")->text, "1");
    EXPECT_EQ(root.find("a")->place(), "x.yaml:2");
    const YamlNode& b = *root.find("b");
    EXPECT_EQ(b.find("c")->items.at(1).text, "y z");
    EXPECT_EQ(b.find("d")->items.at(0).find("e")->kind, Kind::null);
    EXPECT_EQ(b.find("d")->items.at(0).place(), "x.yaml:6");
    EXPECT_EQ(root.find("nothing"), nullptr);
    EXPECT_EQ(parse_yaml("", "x.yaml").kind, Kind::null);
    EXPECT_EQ(parse_yaml("# nothing\n", "x.yaml").kind, Kind::null);
}

TEST(Yaml, what_is_written_is_read_the_same) {
    const std::vector<std::string> texts{
        "",        "plain",     "two words", "null",  "~",   "a: b", "# no", "[x", "\"q\"", "it's",
        "tab\tup", "line\nend", "-1",        "größe", "- x", " x ",  "true", "&a", "*a",    "!t"};
    YamlNode root;
    root.kind = Kind::map;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        YamlNode scalar;
        scalar.kind = Kind::scalar;
        scalar.text = texts[i];
        YamlNode list;
        list.kind = Kind::list;
        list.items = {scalar, scalar};
        YamlNode lists = list;
        lists.items.push_back(list);
        const std::string key = "key" + std::to_string(i);
        root.members.emplace_back(key, scalar);
        root.members.emplace_back(key + "list", list);
        root.members.emplace_back(key + "lists", lists);
    }
    const std::string written = write_yaml(root);
    const YamlNode read = parse_yaml(written, "x.yaml");
    ASSERT_EQ(read.members.size(), root.members.size());
    for (std::size_t i = 0; i < texts.size(); ++i) {
        const std::string key = "key" + std::to_string(i);
        EXPECT_EQ(read.find(key)->kind, Kind::scalar) << texts[i];
        EXPECT_EQ(read.find(key)->text, texts[i]);
        EXPECT_EQ(read.find(key + "list")->items.at(1).text, texts[i]);
        EXPECT_EQ(read.find(key + "lists")->items.at(2).items.at(0).text, texts[i]);
    }
    EXPECT_EQ(write_yaml(read), written);
}

TEST(Yaml, says_where_it_is_broken) {
    EXPECT_THAT(message_of_text("a: 1\nb: [1, 2\n"), HasSubstr("x.yaml:3: is no YAML"));
    EXPECT_THAT(message_of_text("a: 1\n b: 2\n"), HasSubstr("x.yaml:2: is no YAML"));
    EXPECT_THAT(message_of_text("a: 1\nb: 1\na: 2\n"), HasSubstr("x.yaml:3: the key 'a' comes"));
    EXPECT_THAT(message_of_text("? [a, b]\n: 1\n"), HasSubstr("expected a name as key"));
    EXPECT_THAT(message_of_text("a: 1\n---\nb: 1\n"), HasSubstr("several documents"));
    EXPECT_THAT(message_of_text("a: &x 1\nb: *x\n"), HasSubstr("x.yaml:1: anchors"));
}

TEST(Yaml, hostile_texts_end_in_an_error) {
    std::string bomb = "a: &a [x, x]\n";
    for (char c = 'b'; c < 'z'; ++c)
        bomb += std::string(1, c) + ": &" + c + " [*" + char(c - 1) + ", *" + char(c - 1) + "]\n";
    EXPECT_THAT(message_of_text(bomb), HasSubstr("anchors"));

    std::string steps;
    for (int i = 0; i < 600; ++i) steps += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
    EXPECT_THAT(message_of_text(steps), HasSubstr("32 levels"));
    EXPECT_THAT(message_of_text(std::string(1000, '[')), HasSubstr("x.yaml"));
    EXPECT_THAT(message_of_text(std::string(200'000, '[')), HasSubstr("x.yaml"));
    EXPECT_THAT(message_of_text(std::string(200'000, '{')), HasSubstr("x.yaml"));
    std::string dashes;
    for (int i = 0; i < 50'000; ++i) dashes += "- ";
    EXPECT_THAT(message_of_text(dashes), HasSubstr("x.yaml"));
    std::string questions;
    for (int i = 0; i < 50'000; ++i) questions += "? ";
    EXPECT_THAT(message_of_text(questions), HasSubstr("x.yaml"));

    std::string many = "[";
    for (int i = 0; i < 20'000; ++i) many += "1,";
    EXPECT_THAT(message_of_text(many + "1]"), HasSubstr("10000 values"));
    EXPECT_THAT(message_of_text(std::string(300 * 1024, '#')), HasSubstr("bytes"));

    // Whatever the bytes: an error or a tree.
    std::string bytes;
    std::uint32_t state = 1;
    for (int round = 0; round < 300; ++round) {
        bytes.clear();
        for (int i = 0; i < 200; ++i) {
            state = state * 1664525 + 1013904223;
            bytes += "ab:-?[]{},&*#|>'\"%@`!\n \t\xff\xc3\0"[state >> 24 & 31];
        }
        message_of_text(bytes);
    }
}

TEST(Yaml, later_maps_go_into_earlier_ones) {
    YamlNode root = parse_yaml("a: {b: 1, c: [1, 2]}\nd: {e: 1}\n", "under");
    merge(root, parse_yaml("a: {c: [3], f: {g: 2}}\nd:\n", "over"));
    EXPECT_EQ(write_yaml(root),
              write_yaml(parse_yaml("{a: {b: 1, c: [3], f: {g: 2}}, d: {e: 1}}", "expected")));
    EXPECT_EQ(root.find("a")->find("c")->place(), "over:1");
    EXPECT_EQ(root.find("a")->find("b")->place(), "under:1");
}

TEST(Yaml, assignments_set_single_values) {
    YamlNode root = parse_yaml("optimizer: {kind: sgd, rate: 1}\n", "x.yaml");
    assign(root, "optimizer.rate=5e-4");
    assign(root, "data.train=[{images: a}, {images: 'b=c'}]");
    assign(root, "seed=7");
    assign(root, "init=");
    EXPECT_EQ(root.find("optimizer")->find("kind")->text, "sgd");
    EXPECT_EQ(root.find("optimizer")->find("rate")->text, "5e-4");
    EXPECT_EQ(root.find("optimizer")->find("rate")->place(), "'optimizer.rate=5e-4'");
    EXPECT_EQ(root.find("data")->find("train")->items.at(1).find("images")->text, "b=c");
    EXPECT_EQ(root.find("init")->kind, Kind::null);
    for (const char* bad : {"", "=", "=1", "rate", "a..b=1", ".a=1", "a.=1", "a b=1", "Ä=1"})
        EXPECT_THAT(message_of([&] { assign(root, bad); }),
                    AllOf(HasSubstr("expected key=value"), HasSubstr(bad)));
    EXPECT_THAT(message_of([&] { assign(root, "a=[1"); }), HasSubstr("'a=[1': expected"));
}

TEST_F(YamlFiles, bases_lie_under_the_files_that_name_them) {
    write("base.yaml", "a: 1\nb: {c: 1, d: 1}\n");
    write("more/middle.yaml", "base: ../base.yaml\nb: {c: 2}\n");
    const std::string top = write("top.yaml", "base: more/middle.yaml\nb: {d: 3}\n");
    const YamlNode root = read_yaml(top);
    EXPECT_EQ(root.find("base"), nullptr);
    EXPECT_EQ(root.find("a")->text, "1");
    EXPECT_EQ(root.find("b")->find("c")->text, "2");
    EXPECT_EQ(root.find("b")->find("d")->text, "3");
    EXPECT_THAT(root.find("b")->find("c")->place(), HasSubstr("middle.yaml:2"));
}

TEST_F(YamlFiles, bases_that_lead_nowhere_are_errors) {
    const auto message = [](const std::string& file) {
        return message_of([&] { read_yaml(file); });
    };
    write("a.yaml", "base: b.yaml\n");
    EXPECT_THAT(message(write("b.yaml", "base: a.yaml\n")), HasSubstr("its own base"));
    EXPECT_THAT(message(write("c.yaml", "base: ./c.yaml\n")), HasSubstr("its own base"));
    EXPECT_THAT(message(write("d.yaml", "a: 1\nbase: [x]\n")), HasSubstr("d.yaml:2: base"));
    EXPECT_THAT(message(write("e.yaml", "base: none.yaml\n")),
                AllOf(HasSubstr("none.yaml"), HasSubstr("the base of"), HasSubstr("e.yaml")));
    EXPECT_THAT(message(write("f.yaml", "[1]\n")), HasSubstr("f.yaml:1: expected keys"));
    for (int i = 0; i < 20; ++i)
        write("chain" + std::to_string(i) + ".yaml",
              "base: chain" + std::to_string(i + 1) + ".yaml\n");
    EXPECT_THAT(message(folder_ / "chain0.yaml"), HasSubstr("more than 16 files"));
    EXPECT_THAT(message(folder_ / "missing.yaml"), HasSubstr("missing.yaml"));
}

}  // namespace
}  // namespace dbnet::app
