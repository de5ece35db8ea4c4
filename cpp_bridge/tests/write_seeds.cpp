// Writes the small plates as seeds for the fuzzer: write_seeds FOLDER.
#include <fstream>
#include <filesystem>

#include "plates.hpp"

namespace {

void save(const std::filesystem::path& path, const plates::Bytes& bytes) {
    std::ofstream file(path, std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 2) return 2;
    const std::filesystem::path folder = arguments[1];
    std::filesystem::create_directories(folder);
    for (const int c : plates::all_compressions) {
        const std::string name = std::to_string(c) + ".exr";
        save(folder / ("scanlines" + name), plates::scanlines(c));
        save(folder / ("tiles" + name), plates::tiles(c));
        save(folder / ("mipmap" + name), plates::mipmap(c));
        save(folder / ("ripmap" + name), plates::ripmap(c));
        save(folder / ("multipart" + name), plates::multipart(c));
    }
    return 0;
}
