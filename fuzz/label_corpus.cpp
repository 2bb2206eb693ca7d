// label_corpus DIR: writes a small label file of every kind into DIR, for labels_fuzz.
#include <filesystem>
#include <iostream>

#include "core/file.hpp"
#include "formats/formats.hpp"
#include "support/label_examples.hpp"

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "usage: label_corpus DIR\n";
        return 2;
    }
    std::filesystem::create_directories(argv[1]);
    std::vector<std::string_view> formats;
    for (const auto* format : dbnet::formats::all())
        if (format->read != nullptr) formats.push_back(format->name);
    int number = 0;
    for (const auto& example : dbnet::test::label_examples()) {
        const auto place = std::find(formats.begin(), formats.end(), example.format);
        const auto& labels = dbnet::formats::find(example.format)->labels;
        const bool other =
            !labels.extensions[1].empty() && example.file.ends_with(labels.extensions[1]);
        const auto first =
            static_cast<unsigned char>(place - formats.begin() + (other ? std::ssize(formats) : 0));
        dbnet::core::write_file(std::string(argv[1]) + "/" + std::to_string(number++),
                                std::string(1, static_cast<char>(first)) + example.content);
    }
    std::cout << number << " files written\n";
}
