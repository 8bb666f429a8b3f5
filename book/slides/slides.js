// Start the deck once the formulas stand; play the clips of the slide that is shown, and only these.
addEventListener("DOMContentLoaded", async () => {
  await MathJax.startup.promise;
  await Reveal.initialize({
    width: 1280, height: 720, margin: 0.04, center: false, hash: true, transition: "none", slideNumber: "c/t",
    plugins: [RevealNotes],
  });
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const show = (slide) => {
    document.querySelectorAll("video").forEach((clip) => clip.pause());
    if (!still) slide.querySelectorAll("video").forEach((clip) => clip.play().catch(() => {}));
  };
  Reveal.on("slidechanged", (event) => show(event.currentSlide));
  show(Reveal.getCurrentSlide());
  document.body.dataset.ready = "yes";
});
