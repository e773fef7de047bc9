/* The few files there are: null, the streams, what was brought as input, what goes out, and files in memory of which
 * only the size is kept. */
#ifndef HARNESS_BOCHS_FILES_H
#define HARNESS_BOCHS_FILES_H

#include <stdint.h>

#include "../exchange.h"

void files_prepare(const struct exchange_request *request, uint64_t input);

/* System calls; they return a result or a negative error number. */
long files_open(uint64_t path);
long files_open_in_memory(void);
long files_close(uint64_t number);
long files_read(uint64_t number, uint64_t to, uint64_t bytes);
long files_read_at(uint64_t number, uint64_t to, uint64_t bytes, uint64_t offset);
long files_write(uint64_t number, uint64_t from, uint64_t bytes);
long files_write_vector(uint64_t number, uint64_t vector, uint64_t count);
long files_seek(uint64_t number, uint64_t offset, uint64_t whence);
long files_status(uint64_t number, uint64_t to);
long files_duplicate(uint64_t number, uint64_t lowest);
long files_duplicate_to(uint64_t number, uint64_t wanted);
long files_control(uint64_t number, uint64_t command, uint64_t argument);

/* The physical address of a part of the input, for mmap(); a negative error number for any other file. */
long files_source(uint64_t number, uint64_t offset, uint64_t bytes);

#endif
