# The door to the house: every target is one script in tools/, which says what it does.
.PHONY: all install demo workspace test fuzz soak bench format clean

all:
	@tools/build.sh
install:
	@tools/build.sh && meson install -C build
demo:
	@tools/demo.sh
workspace:
	@tools/workspace.sh
test:
	@tools/ci.sh
fuzz:
	@FUZZ_CORPUS=$${FUZZ_CORPUS:-$$HOME/.cache/lakebeat-fuzz} tools/fuzz.sh $${FUZZ_SECONDS:-3600}
soak:
	@tools/soak.sh
bench:
	@tools/bench.sh
format:
	@tools/format.sh
clean:
	@rm -rf build build-* demo.work
