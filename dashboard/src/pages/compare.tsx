/** `/executions/:taskId/compare`: two attempts side by side. */
export default function Compare() {
  return null;
}
