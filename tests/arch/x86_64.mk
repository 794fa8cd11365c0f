# SPDX-License-Identifier: MIT
# How C tests for x86_64 are built and run; those of the layers unit and model need this machine to be one.
TEST_CC := $(HOSTCC)
TEST_RUN :=
TEST_LAYERS := unit page model image
TEST_LIBS :=
