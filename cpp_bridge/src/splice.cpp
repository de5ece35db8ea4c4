#include "splice.hpp"

#include "errors.hpp"
#include "patch.hpp"
#include "rewrite.hpp"
#include "target.hpp"

namespace infusion {
namespace {

// The source's headers with the one or two values that a recompressed part needs changed in place.
Bytes new_header(const Header& header, const Part& part, const Rewrite& rewrite) {
    Bytes bytes = header.bytes;
    bytes[part.compression_at] = rewrite.compression;
    if (part.chunk_count_at != 0) {
        store(bytes.data() + part.chunk_count_at, static_cast<std::int32_t>(rewrite.chunk_count));
    }
    return bytes;
}

using Tables = std::vector<std::vector<std::uint64_t>>;

Tables empty_tables(const Container& container, int part, std::int64_t chunk_count) {
    Tables tables;
    for (std::size_t i = 0; i < container.header().parts.size(); ++i) {
        const bool rewritten = static_cast<int>(i) == part;
        tables.emplace_back(rewritten ? static_cast<std::size_t>(chunk_count)
                                      : container.offsets(static_cast<int>(i)).size());
    }
    return tables;
}

// Where every chunk will stand; `position` is where the first one does.
void fill_tables(Tables& tables, const std::vector<Chunk>& chunks, const Rewrite& rewrite, int part,
                 std::uint64_t position) {
    for (const Chunk& chunk : chunks) {
        auto& table = tables[static_cast<std::size_t>(chunk.part)];
        const auto found = rewrite.chunks.find(chunk.index);
        if (chunk.part != part || found == rewrite.chunks.end()) {
            table.at(static_cast<std::size_t>(chunk.index)) = position;
            position += chunk.size;
            continue;
        }
        for (const NewChunk& written : found->second) {
            table.at(static_cast<std::size_t>(written.index)) = position;
            position += chunk.leader_size + written.data.size();
        }
    }
}

// Copies or writes every chunk, neighbours in the source by one read.
void write_chunks(Source& source, Target& target, const Header& header, const std::vector<Chunk>& chunks,
                  const Rewrite& rewrite, int part, SpliceReport& report) {
    std::uint64_t run_start = 0, run_end = 0;
    const auto flush = [&] {
        target.copy(source, run_start, run_end - run_start);
        report.bytes_copied += run_end - run_start;
    };
    for (const Chunk& chunk : chunks) {
        const auto found = rewrite.chunks.find(chunk.index);
        if (chunk.part != part || found == rewrite.chunks.end()) {
            if (chunk.offset != run_end) {
                flush();
                run_start = chunk.offset;
            }
            run_end = chunk.offset + chunk.size;
            ++report.chunks_copied;
            continue;
        }
        flush();
        run_start = run_end = 0;
        for (const NewChunk& written : found->second) {
            target.write(make_leader(header, part, written.coordinates, written.data.size()));
            target.write(written.data);
        }
        ++report.chunks_encoded;
    }
    flush();
}

}  // namespace

SpliceReport splice(Source& source, const std::filesystem::path& target_path, const Patch& patch, bool exact,
                    int threads) {
    const Container container(source);
    const Header& header = container.header();
    const Part& part = header.part(patch.part);
    check_patch(part, patch);
    const auto chunk_count = static_cast<std::size_t>(grid_of(part).chunk_count());
    if (container.offsets(patch.part).size() != chunk_count) {
        fail_input("The file is damaged: its number of chunks does not fit its size.");
    }
    const std::vector<Chunk> chunks = container.chunks_as_stored();
    const Rewrite rewritten = rewrite(container, patch, exact && changes_kept_pixels(part, patch), threads);

    Tables tables = empty_tables(container, patch.part, rewritten.chunk_count);
    Bytes front = new_header(header, part, rewritten);
    std::uint64_t position = front.size();
    for (const auto& table : tables) position += 8 * table.size();
    fill_tables(tables, chunks, rewritten, patch.part, position);
    for (const auto& table : tables) {
        for (const std::uint64_t offset : table) append(front, offset);
    }

    SpliceReport report;
    report.compression = rewritten.compression;
    Target target(target_path);
    target.write(front);
    write_chunks(source, target, header, chunks, rewritten, patch.part, report);
    target.commit();
    return report;
}

SpliceReport splice(const std::filesystem::path& source, const std::filesystem::path& target,
                    const Patch& patch, bool exact, int threads) {
    return with_path(source, [&] {
        FileSource file(source);
        return splice(file, target, patch, exact, threads);
    });
}

}  // namespace infusion
