# SPDX-License-Identifier: MIT
# How C tests for x86_64 are built and run; those of layer unit need this machine to be one.
TEST_CC := $(HOSTCC)
TEST_RUN :=
TEST_LAYERS := unit page image
TEST_LIBS :=
