# SPDX-License-Identifier: GPL-2.0
#
# For the Makefiles of programs that use this library: they set LIBDIR, where it
# is, and OUT, and link with $(LIB). Their headers are $(LIBHEADERS).

.DEFAULT_GOAL := all
CC	?= gcc
CFLAGS	?= -O2 -g
CFLAGS	+= -Wall -Wextra -Werror -pthread -D_GNU_SOURCE -I$(LIBDIR)
LDFLAGS	+= -static -pthread

# BITS=32: programs of 32 bits, for the same kernel of 64 (lib32gcc-12-dev,
# libc6-dev-i386). asm/ is where it is for those of 64; the package that has a link
# to it, gcc-multilib, can't be had beside a cross compiler.
ifeq ($(BITS),32)
SIZE	:= -m32 -idirafter /usr/include/$(shell $(CC) -print-multiarch)
CFLAGS	+= $(SIZE)
endif

LIB	:= $(OUT)/lib/lib.a
LIBHEADERS := $(wildcard $(LIBDIR)/*.h)
LIBOBJECTS := $(patsubst $(LIBDIR)/%.c,$(OUT)/lib/%.o,$(wildcard $(LIBDIR)/*.c))

$(LIB): $(LIBOBJECTS)
	rm -f $@
	$(AR) rcs $@ $^

$(OUT)/lib/%.o: $(LIBDIR)/%.c $(LIBHEADERS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -c -o $@ $<
