# SPDX-License-Identifier: GPL-2.0
#
# For the Makefiles of programs that use this library: they set LIBDIR, where it
# is, and OUT, and link with $(LIB). Their headers are $(LIBHEADERS).

.DEFAULT_GOAL := all
CC	?= gcc
CFLAGS	?= -O2 -g
CFLAGS	+= -Wall -Wextra -Werror -pthread -D_GNU_SOURCE -I$(LIBDIR)
LDFLAGS	+= -static -pthread

LIB	:= $(OUT)/lib/lib.a
LIBHEADERS := $(wildcard $(LIBDIR)/*.h)
LIBOBJECTS := $(patsubst $(LIBDIR)/%.c,$(OUT)/lib/%.o,$(wildcard $(LIBDIR)/*.c))

$(LIB): $(LIBOBJECTS)
	rm -f $@
	$(AR) rcs $@ $^

$(OUT)/lib/%.o: $(LIBDIR)/%.c $(LIBHEADERS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -c -o $@ $<
